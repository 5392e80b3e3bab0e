#pragma once
// What a sidecar changes in one pod, and the record that undoes it.
#include <string>
#include <vector>

#include "deploy/editor.h"
#include "deploy/inject.h"
#include "deploy/workload.h"

namespace gleaner::deploy {

inline constexpr std::string_view kInjectKey = "sidecar.opentelemetry.io/inject";
inline constexpr std::string_view kInjectedLabel = "sidecar.opentelemetry.io/injected";
/// On pods: what was added. On objects of our own: that they are ours.
inline constexpr std::string_view kRecord = "gleaner/injected";

/// Changes that put `sidecar` into the pod of `workload`, paths from the document's root.
/// @param notes  gets what the user should know
/// @return Fault::config when the pod cannot take it: a volume is missing, a name is taken
Result<std::vector<Change>> plan(const Workload& workload, const Collector& sidecar,
                                 const InjectOptions& options, std::vector<std::string>& notes);

/// Changes that take out what the pod's record says; empty without a record. What the user has removed
/// meanwhile is passed over. @return Fault::config when the record is none
Result<std::vector<Change>> undo(const Workload& workload);

/// Role and binding for `get` on pods/log in the workload's namespace, as documents with their "---".
/// @param name_space   of the workload when it names none
/// @param closes_line  the text before has no newline at its end and gets one; uninject() takes it back
std::string log_rights(const Workload& workload, const Node& pod_spec, const std::string& name_space,
                       bool closes_line);

}  // namespace gleaner::deploy
