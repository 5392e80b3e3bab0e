#include "service/outline.h"

#include <algorithm>

namespace gleaner::service {
namespace {

using Ids = std::vector<std::string>;

/// The signals of the pipelines that name each id in `list`.
std::map<std::string, SignalSet> signals_of(const Outline& outline, Ids Pipeline::*list) {
  std::map<std::string, SignalSet> signals;
  for (const auto& pipeline : outline.pipelines)
    for (const auto& id : pipeline.*list) signals[id] |= bit(pipeline.signal);
  return signals;
}

/// Those in use before and after, with the same configuration, for the same signals.
std::set<std::string> same(const Outline& now, const Outline& next, Ids Pipeline::*list,
                           std::map<std::string, std::uint64_t> Outline::*section) {
  std::set<std::string> ids;
  const auto before = signals_of(now, list);
  for (const auto& [id, signals] : signals_of(next, list)) {
    const auto there = before.find(id);
    if (there != before.end() && there->second == signals && (now.*section).at(id) == (next.*section).at(id))
      ids.insert(id);
  }
  return ids;
}

}  // namespace

Outline outline(const Assembly& assembly) {
  Outline made;
  for (const auto& [id, configured] : assembly.receivers) made.receivers[id] = configured.fingerprint;
  for (const auto& [id, configured] : assembly.processors) made.processors[id] = configured.fingerprint;
  for (const auto& [id, configured] : assembly.exporters) made.exporters[id] = configured.fingerprint;
  made.frame = assembly.frame;
  made.pipelines = assembly.pipelines;
  return made;
}

Staying staying(const Outline& now, const Outline& next) {
  Staying stay;
  stay.exporters = same(now, next, &Pipeline::exporters, &Outline::exporters);
  stay.receivers = same(now, next, &Pipeline::receivers, &Outline::receivers);
  for (const auto& pipeline : next.pipelines) {
    const auto before = std::find_if(now.pipelines.begin(), now.pipelines.end(),
                                     [&](const Pipeline& p) { return p.id == pipeline.id; });
    if (before == now.pipelines.end() || before->processors != pipeline.processors ||
        before->exporters != pipeline.exporters)
      continue;
    const auto same_processor = [&](const std::string& id) {
      return now.processors.at(id) == next.processors.at(id);
    };
    const auto stays = [&](const std::string& id) { return stay.exporters.contains(id); };
    if (std::all_of(pipeline.processors.begin(), pipeline.processors.end(), same_processor) &&
        std::all_of(pipeline.exporters.begin(), pipeline.exporters.end(), stays))
      stay.pipelines.insert(pipeline.id);
  }
  const auto as_before = [&](Ids Pipeline::*list, const std::set<std::string>& kept) {
    return signals_of(now, list).size() == kept.size() && signals_of(next, list).size() == kept.size();
  };
  stay.all =
      stay.pipelines.size() == now.pipelines.size() && stay.pipelines.size() == next.pipelines.size() &&
      as_before(&Pipeline::exporters, stay.exporters) && as_before(&Pipeline::receivers, stay.receivers);
  for (const auto& pipeline : next.pipelines) {  // where receivers' data goes
    const auto before = std::find_if(now.pipelines.begin(), now.pipelines.end(),
                                     [&](const Pipeline& p) { return p.id == pipeline.id; });
    stay.all = stay.all && before->receivers == pipeline.receivers;
  }
  return stay;
}

}  // namespace gleaner::service
