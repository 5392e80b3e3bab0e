#include "k8s/token_file.h"

namespace gleaner::k8s {

Result<std::string_view> TokenFile::token() {
  if (const auto look = file_.look(); look.trouble) trouble_ = look.trouble->what;
  if (file_.text().empty())
    return fail(Fault::config, "unable to read token file " + file_.path() + ": " + trouble_);
  return std::string_view(file_.text());
}

}  // namespace gleaner::k8s
