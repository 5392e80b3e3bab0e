#pragma once
// One log record on its way through the operators: views into the arena of its batch.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "pdata/logs.h"

namespace gleaner::stanza {

/// Where a record was read: which file (a number the reader chose) and which bytes of it. Joined records
/// cover all their parts.
struct Origin {
  std::uint32_t source = 0;
  std::uint32_t number = 0;          ///< of the record in its file, from 1, modulo 2^32
  std::uint64_t begin = 0, end = 0;  ///< bytes; end is behind the newline
};

/// A place in a source.
struct Spot {
  std::uint64_t begin = 0;   ///< bytes
  std::uint32_t number = 0;  ///< of the record that begins there
  auto operator<=>(const Spot&) const = default;
};

/// A record. Trivially copyable; everything it points at lives in the arena of its batch. Two entries never
/// share the storage of their attributes; they may share that of their resource (own_resource() before
/// changing it).
struct Entry {
  std::uint64_t timestamp = 0;  ///< ns since 1970, 0 = none
  std::uint64_t observed = 0;   ///< ns since 1970
  pdata::Value body;
  pdata::Map attributes;
  pdata::Map resource;
  std::int32_t severity = 0;  ///< 0..24
  bool resource_shared = false;
  std::string_view severity_text;
  std::string_view scope_name;
  std::string_view trace_id, span_id, trace_flags;  ///< raw bytes, any length
  Origin origin;

  /// The resource, in storage of its own.
  pdata::Map& own_resource(Arena& arena) {
    if (resource_shared) {
      pdata::Map own;
      own.items.reserve(arena, resource.size() + 4);
      for (const auto& item : resource) own.items.push_back(arena, item);
      resource = own;
      resource_shared = false;
    }
    return resource;
  }
};
using EntryList = std::vector<Entry>;

/// A deep copy whose every byte lives in `arena`.
Entry clone(Arena& arena, const Entry& entry);

/// Records and what they point into: the arena adopts the file buffers.
struct Entries {
  Arena arena;
  EntryList list;
  std::vector<Origin> also;  ///< parts of joined records that came from other sources than their first part
};

/// What happened to records; in = out + dropped + filtered + unrouted + joined + held, and copies count as
/// in.
struct Tally {
  std::uint64_t in = 0, copied = 0, out = 0;
  std::uint64_t failed = 0;    ///< an operator failed on them, whatever then became of them
  std::uint64_t dropped = 0;   ///< by on_error
  std::uint64_t filtered = 0;  ///< by a filter, its failures included
  std::uint64_t unrouted = 0;  ///< no route of a router fitted
  std::uint64_t joined = 0;    ///< became part of another record
};

/// One batch going through: where new text goes, where records come out, what went wrong.
struct Flow {
  static constexpr std::size_t kMaxErrors = 100;

  Arena& arena;
  EntryList& out;
  Tally& tally;
  std::vector<std::string> errors;  ///< what the reader is told, at most kMaxErrors
  std::vector<Origin> also{};       ///< as in Entries

  void report(std::string what) {
    if (errors.size() < kMaxErrors) errors.push_back(std::move(what));
  }
};

}  // namespace gleaner::stanza
