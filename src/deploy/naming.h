#pragma once
// Names and labels as the operator makes them. Source: spec/operator.md 5.1, 5.2, 5.5.
#include <initializer_list>
#include <string>
#include <string_view>

namespace gleaner::deploy {

/// Joins `parts`; what is longer than `most` is cut off the end of the first of `cut` parts that are longer
/// than the excess, and what is no letter or digit goes from both ends.
/// @param parts  texts that may be cut stand at even places, fixed ones ("-collector") at odd ones
std::string joined(std::initializer_list<std::string_view> parts, std::size_t most = 63);
/// The same as a DNS name: lower case, other characters are "-", at the ends "a".
std::string dns_name(std::initializer_list<std::string_view> parts);
/// "otlp/2-grpc" -> "otlp-2-grpc"; longer than 15 or no DNS label -> "port-4317".
std::string port_name(std::string_view id, std::int64_t port);
bool is_port_name(std::string_view name);
/// app.kubernetes.io/version of an image: the tag, the digest, or "latest".
std::string version_label(std::string_view image);

}  // namespace gleaner::deploy
