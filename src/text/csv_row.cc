#include "text/csv_row.h"

namespace gleaner::text {
namespace {

/// One line (or several, when quotes hold newlines) of Go's csv.Reader. On an error the fields read so far
/// stay, as Go's reader gives them out.
class Reader {
 public:
  Reader(std::string_view text, std::string_view delimiter, bool lazy)
      : rest_(text), delimiter_(delimiter), lazy_(lazy) {}

  bool done() {
    while (!rest_.empty() && (rest_[0] == '\n' || rest_.starts_with("\r\n")))
      take_line();  // empty lines are skipped
    return rest_.empty();
  }

  /// @return an error's words, or null
  const char* read(std::vector<std::string>& fields) {
    fields.clear();
    std::string_view line = take_line();
    for (;;) {
      if (line.empty() || line[0] != '"') {
        const auto end = line.find(delimiter_);
        std::string_view field = line.substr(0, end);
        if (end == std::string_view::npos && field.ends_with('\n')) field.remove_suffix(1);
        if (!lazy_ && field.find('"') != std::string_view::npos) return "bare \" in non-quoted-field";
        fields.emplace_back(field);
        if (end == std::string_view::npos) return nullptr;
        line.remove_prefix(end + delimiter_.size());
        continue;
      }
      line.remove_prefix(1);
      std::string field;
      for (bool open = true; open;) {
        const auto quote = line.find('"');
        if (quote == std::string_view::npos) {
          field += line;  // NOLINT(bugprone-use-after-move): the loop ends where it is moved from
          line = take_line();
          if (!line.empty()) continue;  // the next line belongs to the field
          if (!lazy_) return "extraneous or missing \" in quoted-field";
          if (field.ends_with('\n')) field.pop_back();
          fields.push_back(std::move(field));
          return nullptr;
        }
        field += line.substr(0, quote);
        line.remove_prefix(quote + 1);
        if (line.starts_with('"')) {
          field += '"';
          line.remove_prefix(1);
        } else if (line.starts_with(delimiter_)) {
          line.remove_prefix(delimiter_.size());
          fields.push_back(std::move(field));
          open = false;
        } else if (line.empty() || line == "\n") {
          fields.push_back(std::move(field));
          return nullptr;
        } else if (lazy_) {
          field += '"';
        } else {
          return "extraneous or missing \" in quoted-field";
        }
      }
    }
  }

 private:
  /// The next line with its '\n'; "\r\n" becomes "\n".
  std::string_view take_line() {
    const auto end = rest_.find('\n');
    std::string_view line = rest_.substr(0, end == std::string_view::npos ? end : end + 1);
    rest_.remove_prefix(line.size());
    if (line.ends_with("\r\n")) {
      held_.assign(line.substr(0, line.size() - 2)).push_back('\n');
      line = held_;
    }
    return line;
  }

  std::string_view rest_, delimiter_;
  bool lazy_;
  std::string held_;
};

}  // namespace

bool read_csv_row(std::string_view text, std::string_view delimiter, bool lazy, Arena& arena,
                  std::vector<std::string_view>& row, std::string& why) {
  row.clear();
  if (text.find_first_of("\"\r\n") == std::string_view::npos && !text.empty()) {
    // Nothing special in it: the fields are parts of the text.
    for (std::size_t from = 0;;) {
      const auto end = text.find(delimiter, from);
      row.push_back(text.substr(from, end == std::string_view::npos ? end : end - from));
      if (end == std::string_view::npos) return true;
      from = end + delimiter.size();
    }
  }
  Reader reader(text, delimiter, lazy);
  std::vector<std::string> all, line;
  while (!reader.done()) {
    const char* error = reader.read(line);
    if (error && line.empty()) {
      why = std::string("read csv line: parse error: ") + error;
      return false;
    }
    std::size_t first = 0;
    if (!all.empty() && !line.empty()) {
      all.back() += '\n';
      all.back() += line[0];
      first = 1;
    }
    for (std::size_t i = first; i < line.size(); ++i) all.push_back(std::move(line[i]));
  }
  if (all.empty()) {
    why = "no csv lines found";
    return false;
  }
  for (const auto& field : all) row.push_back(arena.copy(field));
  return true;
}

}  // namespace gleaner::text
