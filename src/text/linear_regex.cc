#include "text/linear_regex.h"

#include <algorithm>
#include <cstring>

#include "text/utf8.h"

namespace gleaner::text {
namespace {

std::size_t index(char c) { return static_cast<unsigned char>(c); }

bool all_ascii(std::string_view text) {
  std::size_t i = 0;
  for (; i + 8 <= text.size(); i += 8) {
    std::uint64_t word;
    std::memcpy(&word, text.data() + i, 8);
    if (word & 0x8080808080808080u) return false;
  }
  for (; i < text.size(); ++i)
    if (index(text[i]) >= 128) return false;
  return true;
}

}  // namespace

LinearRegex::Answer LinearRegex::match(std::string_view text, std::span<std::string_view> groups) const {
  if (!all_ascii(text) && !is_utf8(text)) return Answer::ask;
  const char* const begin = text.data();
  const char* at = begin;
  const char* const end = begin + text.size();
  for (const Step& step : steps_) {
    switch (step.kind) {
      case Step::Kind::literal:
        if (static_cast<std::size_t>(end - at) < step.text.size() ||
            std::memcmp(at, step.text.data(), step.text.size()) != 0)
          return Answer::no;
        at += step.text.size();
        break;
      case Step::Kind::fixed:
        if (static_cast<std::size_t>(end - at) < step.count) return Answer::no;
        for (const char* const to = at + step.count; at < to; ++at)
          if (!step.set.test(index(*at))) return Answer::no;
        break;
      case Step::Kind::run: {
        const char* const from = at;
        if (step.stop >= 0) {
          const void* found =
              at < end ? std::memchr(at, step.stop, static_cast<std::size_t>(end - at)) : nullptr;
          at = found ? static_cast<const char*>(found) : end;
        } else {
          while (at < end && step.set.test(index(*at))) ++at;
        }
        if (static_cast<std::size_t>(at - from) < step.count) return Answer::no;
        break;
      }
      case Step::Kind::maybe:
        if (at < end && step.set.test(index(*at))) ++at;
        break;
      case Step::Kind::words: {
        const std::string_view ahead(at, static_cast<std::size_t>(end - at));
        const auto word = std::find_if(step.words.begin(), step.words.end(),
                                       [&](const auto& w) { return ahead.starts_with(w); });
        if (word == step.words.end()) return Answer::no;
        at += word->size();
        break;
      }
      case Step::Kind::rest: {
        const char* const from = at;
        const void* found = at < end ? std::memchr(at, '\n', static_cast<std::size_t>(end - at)) : nullptr;
        at = found ? static_cast<const char*>(found) : end;
        if (static_cast<std::size_t>(at - from) < step.count) return Answer::no;
        break;
      }
      case Step::Kind::open:
        if (step.count < groups.size()) groups[step.count] = std::string_view(at, at);
        break;
      case Step::Kind::close:
        if (step.count < groups.size()) {
          const char* const from = groups[step.count].data();
          groups[step.count] = {from, static_cast<std::size_t>(at - from)};
        }
        break;
      case Step::Kind::end:
        if (at != end) return Answer::no;
        break;
    }
  }
  if (!groups.empty()) groups[0] = {begin, static_cast<std::size_t>(at - begin)};
  return Answer::yes;
}

}  // namespace gleaner::text
