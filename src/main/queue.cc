#include "main/queue.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "otlp/json.h"
#include "otlp/scan.h"
#include "storage/queue_files.h"

namespace gleaner::main_program {
namespace {
using storage::SegmentInfo;

constexpr std::string_view kHelp =
    R"(gleaner queue looks into the files of sending queues (sending_queue.storage). It changes nothing.

Usage:
  gleaner queue ls DIR       what each queue holds
  gleaner queue check DIR    every file: records, what is not delivered, unfinished writes, damage
  gleaner queue export DIR   what is not delivered as OTLP JSON, one request a line

DIR is the directory of a file_storage extension, or one queue in it. Exit code 1 when something is lost.
)";

constexpr std::string_view kSuffix = ".queue";

int complain(const std::string& what) {
  std::fprintf(stderr, "Error: %s\n", what.c_str());
  return 1;
}

/// The queues in a directory, or the one it is.
Result<std::vector<std::string>> queues(const std::string& folder) {
  auto names = storage::real_disk().list(folder);
  if (!names) return fail(std::move(names.error()));
  std::vector<std::string> out;
  for (const auto& name : *names)
    if (name.ends_with(kSuffix)) out.push_back(folder + '/' + name);
  std::sort(out.begin(), out.end());
  if (out.empty() && folder.ends_with(kSuffix)) out.push_back(folder);
  return out;
}

/// Says when what is printed may be out of date before it is read.
void warn_if_used(const std::string& queue) {
  auto lock = storage::real_disk().open(queue + "/lock", storage::Disk::Access::write);
  if (lock && !(*lock)->lock()) std::fprintf(stderr, "warning: %s: a gleaner works on it\n", queue.c_str());
}

std::string_view kind_name(char kind) {
  const auto signal = static_cast<SignalKind>(kind);
  return std::find(std::begin(kSignals), std::end(kSignals), signal) == std::end(kSignals)
             ? std::string_view("unknown")
             : signal_name(signal);
}

std::string_view state(const SegmentInfo& info) {
  switch (info.kind) {
    case storage::HeaderKind::foreign:
      return "not a queue's file";
    case storage::HeaderKind::later:
      return "of a later version";
    case storage::HeaderKind::torn:
      return "without a header";
    case storage::HeaderKind::good:
      break;
  }
  return info.loss.any() ? "damaged" : info.torn ? "unfinished write" : "ok";
}

void print(const SegmentInfo& info) {
  fmt::print("  {}: {}: {} bytes, {} records, {} of them not delivered ({} items)", info.path, state(info),
             info.reading.end, info.all.records, info.left.records, info.left.items);
  if (info.torn) fmt::print(", unfinished write of {} bytes at the end", info.torn);
  if (info.loss.any())
    fmt::print(", lost: {} records ({} items), {} bytes are no record", info.loss.records, info.loss.items,
               info.loss.bytes);
  fmt::print("\n");
}

/// Writes what is not delivered. @return what could not be read or is no OTLP
Result<storage::Loss> put_out(const SegmentInfo& info) {
  storage::Loss wrong;
  if (info.left.records == 0) return wrong;
  auto file = storage::real_disk().open(info.path, storage::Disk::Access::read);
  if (!file) return fail(std::move(file.error()));
  storage::SegmentReader reader(**file, info.reading);
  const auto signal = static_cast<SignalKind>(info.header.kind);
  std::string body, line;
  for (;;) {
    auto more = reader.next();
    if (!more) return fail(std::move(more.error()).in(info.path));
    if (!*more) return wrong;
    if (reader.head().done) continue;
    body.resize(reader.head().size);
    auto good = reader.body(body.data());
    if (!good) return fail(std::move(good.error()).in(info.path));
    if (!*good || kind_name(info.header.kind) == "unknown" || !otlp::scan(signal, body).ok()) {
      wrong += {1, reader.head().items, body.size()};
      continue;
    }
    line.clear();
    otlp::append_json(line, signal, body);
    line += '\n';
    std::fwrite(line.data(), 1, line.size(), stdout);
  }
}

}  // namespace

int run_queue(const std::vector<std::string>& words) {
  if (words.empty() || words[0] == "help" || words[0] == "-h" || words[0] == "--help") {
    fmt::print("{}", kHelp);
    return words.empty() ? 1 : 0;
  }
  const std::string& verb = words[0];
  if (verb != "ls" && verb != "check" && verb != "export")
    return complain(fmt::format("unknown command \"{}\" for \"gleaner queue\"", verb));
  if (words.size() != 2) return complain(fmt::format("gleaner queue {} takes one directory", verb));
  std::string folder = words[1];
  while (folder.size() > 1 && folder.ends_with('/')) folder.pop_back();
  auto all = queues(folder);
  if (!all) return complain(all.error().what);
  if (all->empty()) return complain(folder + ": no queue here");
  bool lost = false;
  for (const auto& queue : *all) {
    warn_if_used(queue);
    auto infos = storage::inspect(storage::real_disk(), queue, verb == "check");
    if (!infos) return complain(infos.error().what);
    storage::Amount left;
    std::uint64_t bytes = 0;
    storage::Loss loss;
    for (const auto& info : *infos) {
      left += info.left;
      bytes += info.reading.end;
      loss += info.loss;
    }
    if (verb == "export") {
      for (const auto& info : *infos) {
        auto wrong = put_out(info);
        if (!wrong) return complain(wrong.error().what);
        loss += *wrong;
      }
    } else {
      fmt::print("{}: {}: {} requests, {} items, {} bytes wait; {} files of {} bytes\n", queue,
                 infos->empty() ? "empty" : kind_name(infos->back().header.kind), left.records, left.items,
                 left.bytes, infos->size(), bytes);
      if (verb == "check")
        for (const auto& info : *infos) print(info);
    }
    if (loss.any())
      std::fprintf(stderr, "%s: lost: %llu requests, %llu items; %llu bytes are no record\n", queue.c_str(),
                   static_cast<unsigned long long>(loss.records), static_cast<unsigned long long>(loss.items),
                   static_cast<unsigned long long>(loss.bytes));
    lost |= loss.any();
  }
  return lost ? 1 : 0;
}

}  // namespace gleaner::main_program
