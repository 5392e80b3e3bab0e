#pragma once
// Steps over a JSON object or list sixteen bytes at a time: most of what a kubelet or an API server says is
// passed over.

namespace gleaner::k8s {

/// The byte behind the object or list that opens at `at`; nullptr when that is not for certain JSON (what is
/// wrong, and where, is for a slower reader to say), when it is nested deeper than 64 levels, or when the
/// processor is not of the kind. Never takes what RFC 8259 does not. Reads nothing outside [at, end).
const char* skip_container(const char* at, const char* end);

/// Moves `at` behind the number there; false, with `at` where it stops being one, when it is none.
bool pass_number(const char*& at, const char* end);

}  // namespace gleaner::k8s
