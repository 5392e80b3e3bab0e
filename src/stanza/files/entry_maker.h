#pragma once
// From the bytes of a record to an entry.
#include <string>
#include <utility>
#include <vector>

#include "stanza/entry.h"
#include "stanza/expr_text.h"
#include "stanza/files/attributes.h"
#include "stanza/files/header.h"
#include "text/encoding.h"

namespace gleaner::stanza::files {

/// The receiver's `attributes` and `resource`, ready to be rendered.
using Templates = std::vector<std::pair<std::string, ExprText>>;

struct EntryOptions {
  text::Encoding encoding;
  Templates attributes, resource;
  bool record_number = false, record_offset = false;
};

/// Makes the entries of one chunk; what they share (file attributes, resource) is put into the arena once.
class EntryMaker {
 public:
  /// @param observed  ns since 1970, for all entries of the chunk
  /// @param header  nullptr when there is none
  EntryMaker(const EntryOptions& options, const TextAttributes& file, const FileHeader* header, Arena& arena,
             std::uint64_t observed);

  /// @param text  bytes that live as long as the arena
  /// @param entry  a new one, filled in its place
  /// @return Fault::permanent when an expression fails: the record is lost, and the words say why
  Result<> make(std::string_view text, const Origin& origin, std::uint64_t record_number, Entry& entry);

 private:
  Result<> render(const Templates& templates, const Entry& entry, pdata::Map& into, std::size_t spare);

  const EntryOptions& options_;
  Arena& arena_;
  std::uint64_t observed_;
  std::vector<pdata::KeyValue> attributes_;  ///< constant ones, then the file's
  pdata::Map resource_;
  bool constant_attributes_ = true, constant_resource_ = true;
};

}  // namespace gleaner::stanza::files
