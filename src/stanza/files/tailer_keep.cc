// What the tailer knows, told to those who keep it.
#include "stanza/files/tailer.h"

namespace gleaner::stanza::files {
namespace {

/// The position up to which everything is safe.
void step_back(Position& position, const Spot& unsafe) {
  position.offset = unsafe.begin;
  // The record that is not safe has a number: the one before it was the last that is.
  position.record_number -= static_cast<std::uint32_t>(position.record_number) - (unsafe.number - 1);
}

}  // namespace

void Tailer::keep_file(File& file, PositionKeeper& keeper, const Unsafe& unsafe) {
  if (!file.identified || file.duplicate) return;
  Kept kept{file.position, file.identity, Kept::Fate::open};
  if (const auto spot = unsafe(file.source); spot && spot->begin < kept.position.offset) {
    step_back(kept.position, *spot);
    const std::size_t tail = std::min<std::uint64_t>(spot->begin, Position::kAnchor);
    // Far to go back to in a packed file.
    kept.position.anchor = file.packed ? std::string() : peek(file, spot->begin - tail, tail);
  }
  file.position.key = keeper.keep(kept);
}

void Tailer::keep_memory(Memory& memory, PositionKeeper& keeper, const Unsafe& unsafe) {
  if (memory.deleted) {  // what was in it cannot be read again
    if (memory.position.key != 0) keeper.forget(memory.position.key);
    memory.position.key = 0;
    return;
  }
  if (memory.source == 0) return;  // as it was kept before
  const bool truncated = !(memory.truncated == Identity{});
  Kept kept{memory.position, truncated ? memory.truncated : memory.identity,
            truncated ? Kept::Fate::truncated : Kept::Fate::away};
  if (const auto spot = unsafe(memory.source); spot && spot->begin < kept.position.offset) {
    step_back(kept.position, *spot);
    kept.position.anchor.clear();  // the file is not open any more
  }
  memory.position.key = keeper.keep(kept);
}

void Tailer::keep(PositionKeeper& keeper, const Unsafe& unsafe, const std::vector<std::uint32_t>& sources) {
  for (const auto source : sources) {
    if (const auto file = by_source_.find(source); file != by_source_.end()) {
      keep_file(*file->second, keeper, unsafe);
      continue;
    }
    for (auto& memory : memories_.all())
      if (memory.source == source) keep_memory(memory, keeper, unsafe);
  }
  for (const auto key : memories_.take_forgotten()) keeper.forget(key);
}

void Tailer::keep(PositionKeeper& keeper, const Unsafe& unsafe) {
  for (auto& memory : memories_.all()) keep_memory(memory, keeper, unsafe);
  for (const auto& file : files_) keep_file(*file, keeper, unsafe);
  for (const auto key : memories_.take_forgotten()) keeper.forget(key);
}

std::vector<Progress> Tailer::progress(const Unsafe& unsafe) const {
  std::vector<Progress> out;
  for (const auto& file : files_) {
    if (file->duplicate) continue;
    const auto spot = unsafe(file->source);
    const std::uint64_t safe = spot ? std::min(spot->begin, file->position.offset) : file->position.offset;
    out.push_back({file->path, safe, file->size});
  }
  return out;
}

}  // namespace gleaner::stanza::files
