#pragma once
// Everything that is wrong with a configuration, collected: the user mends it in one go.
#include <string>
#include <vector>

#include "config/node.h"

namespace gleaner::config {

struct Problem {
  enum class Weight : std::uint8_t { error, warning };
  Weight weight = Weight::error;
  Mark mark;
  std::string path;  ///< "receivers::otlp::protocols::http", empty when it concerns the file as a whole
  std::string what;

  /// "gleaner.yaml:14:9: receivers::otlp: what"
  std::string text() const;
};

class Problems {
 public:
  void error(Mark mark, std::string path, std::string what) {
    add(Problem::Weight::error, std::move(mark), std::move(path), std::move(what));
  }
  void warning(Mark mark, std::string path, std::string what) {
    add(Problem::Weight::warning, std::move(mark), std::move(path), std::move(what));
  }
  bool any_errors() const { return errors_ > 0; }
  std::size_t errors() const { return errors_; }
  const std::vector<Problem>& all() const { return all_; }
  /// All errors, one a line, in the order of their places.
  std::string errors_text() const;

 private:
  void add(Problem::Weight weight, Mark mark, std::string path, std::string what);
  std::vector<Problem> all_;
  std::size_t errors_ = 0;
};

/// " (did you mean \"x\"?)" for the nearest of `known` when it is near enough, else "".
std::string did_you_mean(std::string_view wrong, const std::vector<std::string_view>& known);

}  // namespace gleaner::config
