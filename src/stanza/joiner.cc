#include "stanza/joiner.h"

#include <algorithm>

namespace gleaner::stanza {

void Joiner::add(std::string_view source, const Entry& part, bool matched, EntryList& out, Flow& flow) {
  auto there = held_.find(source);
  if (there == held_.end()) {
    if (held_.size() >= options_.max_sources) {
      logger_.error("Too many sources. Flushing all batched logs. Consider increasing max_sources parameter");
      flush(loop_.now(), true, out, flow);
    }
    there = held_.try_emplace(std::string(source)).first;
    Held& fresh = there->second;
    fresh.base = part;
    fresh.origin = part.origin;
    fresh.since = loop_.now();
    fresh.sequence = ++sequence_;
  } else if (options_.newest) {
    there->second.base = part;
    there->second.settled = false;
  }
  Held& held = there->second;
  ++held.parts;
  cover(held, part.origin);
  held.matched = held.matched || matched;

  const pdata::Value* value = options_.field.get(part);
  if (!value || (!value->is_string() && value->kind() != pdata::Value::Kind::bytes)) {
    logger_.error("entry does not contain the combine_field");
    return;
  }
  if (!held.text.empty()) held.text += options_.with;
  held.text += value->text();
  if ((options_.max_bytes > 0 && held.text.size() > options_.max_bytes) ||
      (options_.max_parts > 0 && held.parts >= options_.max_parts) ||
      (!held.matched && options_.max_unmatched_parts > 0 && held.parts >= options_.max_unmatched_parts))
    give(there, out, flow);
}

void Joiner::cover(Held& held, const Origin& part) {
  const auto widen = [&](Origin& origin) {
    if (part.begin < origin.begin) {
      origin.begin = part.begin;
      origin.number = part.number;
    }
    origin.end = std::max(origin.end, part.end);
  };
  if (part.source == held.origin.source) return widen(held.origin);
  for (auto& other : held.others)
    if (other.source == part.source) return widen(other);
  held.others.push_back(part);
}

void Joiner::finish(std::string_view source, EntryList& out, Flow& flow) {
  if (const auto there = held_.find(source); there != held_.end()) give(there, out, flow);
}

void Joiner::give(Map::iterator there, EntryList& out, Flow& flow) {
  Held& held = there->second;
  Entry entry = held.base;
  if (held.settled) flow.arena.adopt(std::move(held.arena));
  entry.origin = held.origin;
  options_.field.set(entry, pdata::Value::string(flow.arena.copy(held.text)), flow.arena);
  flow.also.insert(flow.also.end(), held.others.begin(), held.others.end());
  flow.tally.joined += held.parts - 1;
  out.push_back(entry);
  held_.erase(there);
}

void Joiner::settle() {
  for (auto& [source, held] : held_) {
    if (held.settled) continue;
    Arena own;
    held.base = clone(own, held.base);
    held.arena = std::move(own);
    held.settled = true;
  }
}

void Joiner::flush(TimePoint now, bool all, EntryList& out, Flow& flow) {
  std::vector<Map::iterator> ready;
  for (auto it = held_.begin(); it != held_.end(); ++it)
    if (all || it->second.since + options_.period <= now) ready.push_back(it);
  std::sort(ready.begin(), ready.end(),
            [](auto a, auto b) { return a->second.sequence < b->second.sequence; });
  for (const auto& held : ready) give(held, out, flow);
}

std::optional<TimePoint> Joiner::due() const {
  std::optional<TimePoint> first;
  for (const auto& [source, held] : held_)
    if (!first || held.since + options_.period < *first) first = held.since + options_.period;
  return first;
}

std::uint64_t Joiner::held() const {
  std::uint64_t sum = 0;
  for (const auto& [source, held] : held_) sum += held.parts;
  return sum;
}

std::optional<Spot> Joiner::held_from(std::uint32_t source) const {
  std::optional<Spot> lowest;
  const auto look = [&](const Origin& origin) {
    if (origin.source == source && (!lowest || origin.begin < lowest->begin))
      lowest = Spot{origin.begin, origin.number};
  };
  for (const auto& [key, held] : held_) {
    look(held.origin);
    for (const auto& other : held.others) look(other);
  }
  return lowest;
}

}  // namespace gleaner::stanza
