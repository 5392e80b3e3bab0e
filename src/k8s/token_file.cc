#include "k8s/token_file.h"

#include "k8s/files.h"

namespace gleaner::k8s {

Result<std::string_view> TokenFile::token(TimePoint now) {
  if (read_at_ != TimePoint::min() && now < read_at_ + kPeriod) return std::string_view(token_);
  auto read = read_small_file(path_, 64 << 10);
  std::string_view text;
  if (read) {
    text = *read;
    static constexpr std::string_view kBlanks = " \t\r\n";
    text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
    text = text.substr(0, text.find_last_not_of(kBlanks) + 1);
  }
  if (!text.empty()) {
    token_ = text;
    read_at_ = now;
  } else if (token_.empty()) {
    return fail(Fault::config,
                "unable to read token file " + path_ + ": " + (read ? "it is empty" : read.error().what));
  }
  return std::string_view(token_);
}

}  // namespace gleaner::k8s
