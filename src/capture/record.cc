#include "capture/record.h"

#include "capture/scan.h"

namespace gleaner::capture {
namespace {

constexpr std::string_view kReplacement = "\\ufffd";

bool follows(std::string_view text, std::size_t at, unsigned char low = 0x80, unsigned char high = 0xbf) {
  return at < text.size() && static_cast<unsigned char>(text[at]) >= low &&
         static_cast<unsigned char>(text[at]) <= high;
}

/// Length of the UTF-8 sequence at `at`, 0 when it is none. Source: Unicode 15, table 3-7.
std::size_t utf8_at(std::string_view text, std::size_t at) {
  const auto c = static_cast<unsigned char>(text[at]);
  if (c < 0x80) return 1;
  if (c < 0xc2 || c > 0xf4) return 0;
  if (c < 0xe0) return follows(text, at + 1) ? 2 : 0;
  if (c < 0xf0) {
    const unsigned char low = c == 0xe0 ? 0xa0 : 0x80, high = c == 0xed ? 0x9f : 0xbf;
    return follows(text, at + 1, low, high) && follows(text, at + 2) ? 3 : 0;
  }
  const unsigned char low = c == 0xf0 ? 0x90 : 0x80, high = c == 0xf4 ? 0x8f : 0xbf;
  return follows(text, at + 1, low, high) && follows(text, at + 2) && follows(text, at + 3) ? 4 : 0;
}

/// Calls `piece` with what `text` becomes inside a JSON string, in long pieces.
template <class Piece>
void escape(std::string_view text, Piece piece) {
  constexpr char kHex[] = "0123456789abcdef";
  std::size_t plain = 0, at = 0;
  const auto flush = [&] {
    if (at > plain) piece(std::string_view(text.data() + plain, at - plain));
  };
  while (at < text.size()) {
    const char c = text[at];
    const std::size_t length = utf8_at(text, at);
    if (length && c != '"' && c != '\\' && static_cast<unsigned char>(c) >= 0x20) {
      at += length;
      continue;
    }
    flush();
    char code[6] = {'\\', 'u', '0', '0', kHex[(c >> 4) & 15], kHex[c & 15]};
    if (!length) {
      piece(kReplacement);
    } else if (c == '"' || c == '\\' || c == '\t' || c == '\r') {
      code[1] = c == '\t' ? 't' : c == '\r' ? 'r' : c;
      piece(std::string_view(code, 2));
    } else {
      piece(std::string_view(code, 6));
    }
    plain = ++at;
  }
  flush();
}

constexpr std::size_t kTime = 30;

std::string_view cri_tag(Stream stream, bool partial) {
  if (stream == Stream::out) return partial ? " stdout P " : " stdout F ";
  return partial ? " stderr P " : " stderr F ";
}

}  // namespace

std::size_t record_size(Format format, Stream stream, std::string_view text) {
  if (format == Format::raw) return text.size() + 1;
  if (format == Format::cri) return kTime + 1 + name_of(stream).size() + 3 + text.size() + 1;
  std::size_t size = sizeof R"({"log":"\n","stream":"stdout","time":""})" + kTime;
  escape(text, [&](std::string_view piece) { size += piece.size(); });
  return size;
}

char* copy_cri(char* to, Stream stream, std::string_view time, bool partial, std::string_view text) {
  to = copy(copy(copy(to, time), cri_tag(stream, partial)), text);
  *to = '\n';
  return to + 1;
}

void write_record(Bytes& to, Format format, Stream stream, std::string_view time, bool partial,
                  std::string_view text) {
  if (format == Format::cri) {
    to.append(time);
    to.append(cri_tag(stream, partial));
    to.append(text);
    to.append("\n");
  } else if (format == Format::json) {
    to.append("{\"log\":\"");
    escape(text, [&](std::string_view piece) { to.append(piece); });
    to.append(partial ? "\",\"stream\":\"" : "\\n\",\"stream\":\"");
    to.append(name_of(stream));
    to.append("\",\"time\":\"");
    to.append(time);
    to.append("\"}\n");
  } else {
    to.append(text);
    if (!partial) to.append("\n");
  }
}

}  // namespace gleaner::capture
