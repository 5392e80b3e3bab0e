#pragma once
// A value of the configuration that may stand in a file instead: username and username_file.
#include <optional>
#include <string>

#include "base/log.h"
#include "base/secret_file.h"

namespace gleaner::auth {

/// The file wins over the text. Looked at when used: see SecretFile.
class ValueFile {
 public:
  ValueFile(std::string text, const std::string& path) : text_(std::move(text)) {
    if (!path.empty()) file_.emplace(path);
  }
  /// For start(): what is in the file must be there. @return Fault::config in the reference's words
  Result<> start() {
    if (!file_) return {};
    auto look = file_->look();
    if (!file_->text().empty()) return {};
    return fail(Fault::config, "failed to read credentials file \"" + file_->path() +
                                   "\": " + (look.trouble ? look.trouble->what : "it is empty"));
  }
  /// Today's value. `changed`, if given, tells whether it is another than at the last call.
  const std::string& get(const log::Logger& logger, bool* changed = nullptr) {
    if (!file_) return text_;
    const auto look = file_->look();
    if (look.trouble)
      logger.warn("failed to reload credentials file, keeping last value",
                  {{"file", file_->path()}, {"error", look.trouble->what}});
    if (changed) *changed = look.changed;
    return file_->text();
  }
  bool is_file() const { return file_.has_value(); }
  const std::string& path() const { return file_->path(); }

 private:
  std::string text_;
  std::optional<SecretFile> file_;
};

}  // namespace gleaner::auth
