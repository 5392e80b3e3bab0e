#include "stanza/files/header.h"

#include <algorithm>

namespace gleaner::stanza::files {

std::shared_ptr<HeaderReader> HeaderReader::build(const Options& options, const std::string& path,
                                                  config::Problems& problems, const log::Logger& logger,
                                                  Loop& loop) {
  const auto refuse = [&](const std::string& key, std::string what) {
    problems.error(options.operators.mark(), key.empty() ? path : path + "::" + key, std::move(what));
    return nullptr;
  };
  if (options.operators.items().empty())
    return refuse("metadata_operators", "at least one operator must be specified for `metadata_operators`");
  for (const auto& node : options.operators.items())
    if (const auto* type = node.find("type"); type && type->is_scalar() && type->text() == "filter")
      return refuse("metadata_operators", "operator of type filter is not allowed in `metadata_operators`");
  auto pattern = text::Regex::compile(options.pattern, {.latin1 = false, .multi_line = false});
  if (!pattern) return refuse("pattern", "failed to compile `pattern`: " + pattern.error().what);

  std::shared_ptr<HeaderReader> reader(new HeaderReader(std::move(*pattern), options.encoding, logger));
  HeaderReader* const self = reader.get();
  const auto before = problems.errors();
  reader->operators_ = Pipeline::build(
      options.operators, path + "::metadata_operators", problems, logger, loop, [self](Entries&& entries) {
        if (!self->into_) return;  // held back until the end: belongs to no file any more
        FileHeader& into = *self->into_;
        for (const auto& entry : entries.list)
          for (const auto& [key, value] : entry.attributes)
            into.attributes.set(into.arena, into.arena.copy(key), pdata::clone(into.arena, value));
      });
  return problems.errors() == before ? reader : nullptr;
}

std::size_t HeaderReader::read(std::string_view bytes, FileHeader& into) {
  const auto newline = encoding_.newline();
  std::size_t at = 0;
  while (!into.done) {
    const auto rest = bytes.substr(at);
    std::size_t end = rest.find(newline);
    while (end != std::string_view::npos && end % newline.size() != 0) end = rest.find(newline, end + 1);
    if (end == std::string_view::npos) {
      into.done = into.size + rest.size() > kMost;
      break;
    }
    auto text = rest.substr(0, end);
    while (text.ends_with(encoding_.carriage_return()))
      text.remove_suffix(encoding_.carriage_return().size());
    if (!matches(text)) {
      into.done = true;
      break;
    }
    line(text, into);
    at += end + newline.size();
    into.size += end + newline.size();
  }
  return at;
}

void HeaderReader::line(std::string_view text, FileHeader& into) {
  Entries entries;
  Entry entry;
  entry.observed = unix_nanos();
  entry.body = pdata::Value::string(encoding_.decode(text, entries.arena));
  entries.list.push_back(entry);
  into_ = &into;
  const auto errors = operators_->process(std::move(entries));
  into_ = nullptr;
  for (const auto& error : errors)
    logger_.error("failed to process header", {{"component", "fileconsumer"}, {"error", error}});
}

}  // namespace gleaner::stanza::files
