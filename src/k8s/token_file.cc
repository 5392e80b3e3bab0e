#include "k8s/token_file.h"

#include "base/small_file.h"

namespace gleaner::k8s {

std::string own_namespace() {
  auto name = read_small_file(std::string(kServiceAccount) + "/namespace", 1024);
  if (!name) return {};
  while (!name->empty() && name->back() <= ' ') name->pop_back();
  return std::move(*name);
}

Result<std::string_view> TokenFile::token() {
  if (const auto look = file_.look(); look.trouble) trouble_ = look.trouble->what;
  if (file_.text().empty())
    return fail(Fault::config, "unable to read token file " + file_.path() + ": " + trouble_);
  return std::string_view(file_.text());
}

}  // namespace gleaner::k8s
