#pragma once
// The same document twice: as a tree of values, and where in the text each of them stands.
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/node.h"

namespace gleaner::deploy {

using config::Node;

/// A node of the text: bytes [begin, end). Block maps and lists end with their last child (end_of()).
struct Span {
  enum class Kind : std::uint8_t { scalar, map, list, alias };
  struct Entry;
  Kind kind = Kind::scalar;
  bool flow = false;   ///< {...} or [...]
  bool plain = false;  ///< a scalar without quotes
  std::size_t begin = 0, end = 0;
  std::string text;  ///< scalars: the value
  std::vector<Entry> entries;
  std::vector<Span> items;

  const Entry* find(std::string_view key) const;
};
struct Span::Entry {
  Span key, value;
};

/// Where the last character of a node stands, plus one. Behind a block scalar that is the next line's start.
std::size_t end_of(const Span& span);

struct Parsed {
  Node tree;   ///< plain scalars as kubectl reads them: YAML 1.1's yes, no, on and off are booleans
  Span spans;  ///< an empty document's is an empty scalar
};
/// @param line  of `text` in `source`, from 1, for the places in errors
Result<Parsed> parse(std::string_view text, const std::string& source, std::size_t line = 1);

/// One document of a stream with the "---" in front of it.
struct Piece {
  std::size_t begin = 0, end = 0;  ///< bytes
  std::size_t line = 1;            ///< its first one
};
/// Cuts a stream at its lines that are "---" or begin with "--- ". All bytes are in exactly one piece.
std::vector<Piece> documents(std::string_view stream);

}  // namespace gleaner::deploy
