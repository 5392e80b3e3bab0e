#include "deploy/inject.h"

#include <fmt/format.h>

#include <map>
#include <set>

#include "deploy/choice.h"
#include "deploy/editor.h"
#include "deploy/plan.h"
#include "deploy/tree.h"
#include "deploy/workload.h"

namespace gleaner::deploy {
namespace {

/// One document of the stream, read.
struct Document {
  std::string text;
  std::size_t line = 1;
  Node tree;
};

Result<std::vector<Document>> read(std::string_view stream, const std::string& source) {
  std::vector<Document> out;
  for (const Piece& piece : documents(stream)) {
    Document document{std::string(stream.substr(piece.begin, piece.end - piece.begin)), piece.line, {}};
    auto parsed = parse(document.text, source, piece.line);
    if (!parsed) return fail(std::move(parsed.error()));
    document.tree = std::move(parsed->tree);
    out.push_back(std::move(document));
  }
  return out;
}

class Injector {
 public:
  Injector(const std::string& source, const InjectOptions& options) : source_(source), options_(options) {}

  /// What the documents say about sidecars: CRs and annotated namespaces.
  Result<> look(const std::vector<Document>& documents) {
    sidecars_ = options_.sidecars;
    for (const Document& document : documents) {
      if (text_at(document.tree, "kind") == "Namespace")
        if (const Node* notes = at(document.tree, "metadata.annotations"))
          if (const Node* asks = notes->find(kInjectKey))
            spaces_[text_at(document.tree, "metadata.name")] = asks->text();
      if (!is_collector(document.tree)) continue;
      auto collector = read_collector(document.tree, options_.cluster, source_);
      if (!collector) return fail(std::move(collector.error()));
      if (collector->is_sidecar()) sidecars_.push_back(std::move(*collector));
    }
    return {};
  }

  /// @param again  ordinals of workloads that had a sidecar of ours
  Result<> run(std::vector<Document>& documents, const std::set<std::size_t>& again) {
    std::size_t ordinal = 0;
    std::string rights;
    const bool open_end =
        !documents.empty() && !documents.back().text.empty() && documents.back().text.back() != '\n';
    for (Document& document : documents) {
      std::vector<std::vector<Change>> plans;
      for (const Workload& workload : workloads(document.tree)) {
        const Collector* sidecar = choose_for(workload, again.count(ordinal++) > 0);
        if (!sidecar) continue;
        std::vector<std::string> notes;
        auto changes = plan(workload, *sidecar, options_, notes);
        if (!changes) return fail(std::move(changes.error()));
        plans.push_back(std::move(*changes));
        say(workload, fmt::format("sidecar {}/{} added", sidecar->name_space, sidecar->name));
        for (auto& note : notes) say(workload, std::move(note));
        if (options_.pod_logs)
          rights += log_rights(workload, *node_at(*workload.object, workload.path("spec")),
                               options_.cluster.name_space, open_end && rights.empty());
      }
      if (plans.empty()) continue;
      auto changed = edit(document.text, plans, source_, document.line);
      if (!changed) return fail(std::move(changed.error()));
      document.text = std::move(*changed);
    }
    if (!rights.empty()) documents.push_back({(open_end ? "\n" : "") + rights, 0, {}});
    return {};
  }

  Injected out;

 private:
  void say(const Workload& workload, std::string what) {
    out.notes.push_back(workload.title() + ": " + std::move(what));
  }
  const Collector* choose_for(const Workload& workload, bool again) {
    const std::string space = workload.name_space.empty() ? options_.cluster.name_space : workload.name_space;
    const auto asks = spaces_.find(space);
    std::vector<const Collector*> all;
    for (const Collector& one : sidecars_) all.push_back(&one);
    Choice choice = choose(
        workload,
        {asks == spaces_.end() ? "" : asks->second, space, options_.container, options_.all || again}, all);
    using Kind = Choice::Kind;
    if (choice.kind == Kind::missed) {
      ++out.missed;
      say(workload, "no sidecar: " + choice.why);
    } else if (choice.kind != Kind::found) {
      say(workload,
          "left alone: " + choice.why + (choice.kind == Kind::unasked ? " (--all takes it anyway)" : ""));
    }
    return choice.sidecar;
  }

  const std::string& source_;
  const InjectOptions& options_;
  std::vector<Collector> sidecars_;
  std::map<std::string, std::string> spaces_;
};

std::string first_difference(std::string_view wanted, std::string_view got) {
  std::size_t at = 0, line = 1;
  for (; at < wanted.size() && at < got.size() && wanted[at] == got[at]; ++at) line += wanted[at] == '\n';
  return fmt::format("line {} would be another one", line);
}

std::string together(const std::vector<Document>& documents) {
  std::string all;
  for (const Document& document : documents) all += document.text;
  return all;
}

/// Takes the records' changes back. @param had  gets the ordinals of the workloads that had one
Result<std::vector<Document>> stripped(std::vector<Document> documents, const std::string& source,
                                       std::set<std::size_t>& had, std::vector<std::string>* notes) {
  std::size_t ordinal = 0;
  std::vector<Document> out;
  for (Document& document : documents) {
    const Node* own = at(document.tree, "metadata.annotations");
    const Node* mark = own && workloads(document.tree).empty() ? own->find(kRecord) : nullptr;
    const std::string kind = text_at(document.tree, "kind");
    if (mark && (kind == "Role" || kind == "RoleBinding") && mark->text().starts_with("rights")) {
      if (mark->text() != "rights" && !out.empty() && out.back().text.ends_with('\n'))
        out.back().text.pop_back();
      continue;
    }
    std::vector<std::vector<Change>> plans;
    for (const Workload& workload : workloads(document.tree)) {
      auto changes = undo(workload);
      if (!changes) return fail(std::move(changes.error()));
      if (!changes->empty()) {
        had.insert(ordinal);
        plans.push_back(std::move(*changes));
        if (notes) notes->push_back(workload.title() + ": sidecar removed");
      }
      ++ordinal;
    }
    if (!plans.empty()) {
      auto changed = edit(document.text, plans, source, document.line);
      if (!changed) return fail(std::move(changed.error()));
      document.text = std::move(*changed);
      auto parsed = parse(document.text, source, document.line);
      if (!parsed) return fail(std::move(parsed.error()));
      document.tree = std::move(parsed->tree);
    }
    out.push_back(std::move(document));
  }
  return out;
}

}  // namespace

Result<Injected> inject(const std::string& stream, const std::string& source, const InjectOptions& options) {
  auto documents = read(stream, source);
  if (!documents) return fail(std::move(documents.error()));
  std::set<std::size_t> had;
  documents = stripped(std::move(*documents), source, had, nullptr);
  if (!documents) return fail(std::move(documents.error()));
  const std::string before = together(*documents);
  Injector injector(source, options);
  if (auto ok = injector.look(*documents); !ok) return fail(std::move(ok.error()));
  if (auto ok = injector.run(*documents, had); !ok) return fail(std::move(ok.error()));
  injector.out.text = together(*documents);
  const auto back = uninject(injector.out.text, source);
  if (!back || back->text != before)
    return fail(Fault::config,
                fmt::format("{}: the sidecar could not be taken out again ({}); nothing is written", source,
                            back ? first_difference(before, back->text) : back.error().what));
  return std::move(injector.out);
}

Result<Injected> uninject(const std::string& stream, const std::string& source) {
  auto documents = read(stream, source);
  if (!documents) return fail(std::move(documents.error()));
  Injected out;
  std::set<std::size_t> had;
  auto done = stripped(std::move(*documents), source, had, &out.notes);
  if (!done) return fail(std::move(done.error()));
  out.text = together(*done);
  return out;
}

}  // namespace gleaner::deploy
