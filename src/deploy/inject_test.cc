#include "deploy/inject.h"

#include <gmock/gmock.h>

#include <filesystem>

#include "config/write.h"
#include "deploy/container.h"
#include "deploy/editor.h"
#include "deploy/testing.h"
#include "deploy/workload.h"

namespace gleaner::deploy {
namespace {
using testing::Contains;
using testing::HasSubstr;
using Placement = InjectOptions::Placement;

InjectOptions options_with(const std::string& cr = "operator/sidecar.yaml") {
  InjectOptions options;
  options.sidecars = {collector_of(data(cr))};
  return options;
}
Injected injected(const std::string& stream, const InjectOptions& options) {
  auto made = inject(stream, "a.yaml", options);
  EXPECT_TRUE(made) << made.error().what;
  return made ? std::move(*made) : Injected{};
}
std::string pod(const std::string& annotation, const std::string& more = "") {
  return "apiVersion: v1\nkind: Pod\nmetadata:\n  name: p\n" +
         (annotation.empty() ? ""
                             : "  annotations: {sidecar.opentelemetry.io/inject: \"" + annotation + "\"}\n") +
         "spec:\n  containers:\n  - name: a\n    image: a\n" + more;
}

class Corpus : public testing::TestWithParam<std::string> {};
TEST_P(Corpus, ComesBackByteForByte) {
  const std::string before = data("manifests/" + GetParam());
  for (int kind = 0; kind < 8; ++kind) {
    InjectOptions options = options_with();
    options.all = true;
    options.placement = kind & 1 ? Placement::native : Placement::container;
    options.exec = kind & 2;
    options.pod_logs = kind & 4;
    const std::string once = injected(before, options).text;
    EXPECT_NE(once, before);
    EXPECT_EQ(injected(once, options).text, once) << "twice is once";
    const auto back = uninject(once, "a.yaml");
    ASSERT_TRUE(back) << back.error().what;
    EXPECT_EQ(back->text, before);
    options.exec = !options.exec;
    options.pod_logs = !options.pod_logs;
    EXPECT_EQ(injected(once, options).text, injected(before, options).text)
        << "a new sidecar replaces the old one";
  }
}
TEST_P(Corpus, KeepsEveryByteThatIsNotTheSidecars) {
  // Taking lines and pieces away from what comes out must give what went in: the new text has the old as a
  // subsequence.
  InjectOptions options = options_with();
  options.all = options.exec = true;
  std::string before = data("manifests/" + GetParam());
  const std::string after = injected(before, options).text;
  for (const std::string_view null : {": ~", ": null"})  // these become what they now hold
    while (before.find(null) != std::string::npos) before.replace(before.find(null), null.size(), ":");
  std::size_t at = 0;
  for (const char c : after)
    if (at < before.size() && before[at] == c) ++at;
  EXPECT_EQ(at, before.size()) << "at " << before.substr(at, 40);
}
INSTANTIATE_TEST_SUITE_P(Files, Corpus,
                         testing::Values("anchors.yaml", "crlf.yaml", "kinds.yaml", "list.json", "list.yaml",
                                         "open-end.yaml", "shop.yaml"),
                         [](const auto& info) {
                           std::string name = info.param;
                           for (char& c : name)
                             if (c == '.' || c == '-') c = '_';
                           return name;
                         });

TEST(Inject, MakesTheOperatorsPod) {
  for (const std::string kind : {"native", "container"}) {
    InjectOptions options = options_with("operator/sidecar-v1alpha1.yaml");
    options.placement = kind == "native" ? Placement::native : Placement::container;
    auto made = read_all(injected(data("operator/pods/app.yaml"), options).text);
    auto want = read_all(data("operator/pods/app." + kind + ".upstream.yaml"));
    ASSERT_EQ(made.size(), 1u);
    made[0]["metadata"]["annotations"].remove("gleaner/injected");
    if (kind == "container") {  // gleaner's own, on top
      auto& args = made[0]["spec"]["containers"].items().back()["args"].items();
      EXPECT_EQ(args.back().text(), "--linger=20s");
      args.pop_back();
    }
    for (Node* both : {&made[0], &want[0]}) {
      Node& env = (*both)["spec"][kind == "native" ? "initContainers" : "containers"].items().back()["env"];
      // Recorded without what the operator looks up in the cluster.
      std::erase_if(env.items(),
                    [](const Node& v) { return text_at(v, "name").starts_with("OTEL_RESOURCE_ATTRIBUTES"); });
      for (Node& variable : env.items())
        if (text_at(variable, "name") == "OTEL_CONFIG")
          variable["value"] = plain(parse(text_at(variable, "value"), "config")->tree);
      *both = plain(std::move(*both));
    }
    EXPECT_EQ(config::to_yaml(made[0]), config::to_yaml(want[0]));
  }
}

TEST(Inject, OrdinarySidecarsOutliveTheApplication) {
  const auto args = [](const std::string& grace, Placement placement,
                       const std::string& image = "r/gleaner:1", const std::string& own = "") {
    InjectOptions options = options_with();
    Collector& sidecar = options.sidecars[0];
    sidecar.image = image;
    if (!own.empty()) sidecar.spec["args"] = doc(own);
    options.placement = placement;
    auto made = read_all(
        injected(pod("true", grace.empty() ? "" : "  terminationGracePeriodSeconds: " + grace + "\n"),
                 options)
            .text);
    const bool native = placement == Placement::native;
    std::string all;
    for (const Node& word :
         made[0]["spec"][native ? "initContainers" : "containers"].items().back()["args"].items())
      if (!word.text().starts_with("--config")) all += (all.empty() ? "" : " ") + word.text();
    return all;
  };
  const auto ordinary = Placement::container;
  EXPECT_EQ(args("", ordinary), "--linger=20s");
  EXPECT_EQ(args("30", ordinary), "--linger=20s");
  EXPECT_EQ(args("120", ordinary), "--linger=110s --shutdown-timeout=118s");
  EXPECT_EQ(args("11", ordinary), "--linger=1s --shutdown-timeout=9s");
  EXPECT_EQ(args("10", ordinary), "--shutdown-timeout=8s");
  EXPECT_EQ(args("1", ordinary), "--shutdown-timeout=1s");
  EXPECT_EQ(args("0", ordinary), "");
  EXPECT_EQ(args("120", Placement::native), "");
  EXPECT_EQ(args("120", ordinary, "otel/opentelemetry-collector-contrib:0.140.0"), "");
  EXPECT_EQ(args("120", ordinary, "gleaner", "{linger: 3s}"), "--linger=3s --shutdown-timeout=118s");
}

// Source: spec/operator.md 6.1; "" is absent, "sc" an instance.
struct Cell {
  std::string name_space, pod;
  bool gets;
};
TEST(Inject, ObeysPodAndNamespace) {
  for (const auto& [space, own, gets] : std::vector<Cell>{{"", "", false},
                                                          {"", "true", true},
                                                          {"", "false", false},
                                                          {"", "sc", true},
                                                          {"true", "", true},
                                                          {"true", "TRUE", true},
                                                          {"true", "false", false},
                                                          {"true", "sc", true},
                                                          {"false", "", false},
                                                          {"false", "true", true},
                                                          {"false", "false", false},
                                                          {"false", "sc", true},
                                                          {"sc", "", true},
                                                          {"sc", "true", true},
                                                          {"sc", "False", false},
                                                          {"sc", "sc", true}}) {
    std::string stream =
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: default" +
        (space.empty() ? "" : ", annotations: {sidecar.opentelemetry.io/inject: \"" + space + "\"}") +
        "}\n---\n";
    const auto made = injected(stream + pod(own), options_with());
    EXPECT_EQ(made.text.find("otc-container") != std::string::npos, gets) << space << "/" << own;
  }
}

TEST(Inject, SaysWhyNot) {
  const auto note = [](const std::string& stream, const InjectOptions& options) {
    const auto made = injected(stream, options);
    EXPECT_EQ(made.text, stream);
    return made.notes.empty() ? "" : made.notes[0];
  };
  InjectOptions options = options_with();
  EXPECT_THAT(note(pod(""), options), HasSubstr("Pod/p: left alone: no annotation"));
  EXPECT_THAT(note(pod("other"), options), HasSubstr("no sidecar: there is no collector default/other"));
  EXPECT_THAT(note(pod("true", "  - name: otc-container\n    image: x\n"), options),
              HasSubstr("that gleaner did not add"));
  options.sidecars.push_back(options.sidecars[0]);
  EXPECT_THAT(note(pod("true"), options), HasSubstr("more than one collector of mode sidecar"));
  options.sidecars.clear();
  EXPECT_THAT(note(pod("true"), options), HasSubstr("has no collector of mode sidecar"));
  EXPECT_EQ(injected(pod("true"), options).missed, 1u);
}

TEST(Inject, TakesTheCollectorFromTheStream) {
  const auto made = injected(data("operator/sidecar.yaml") + "---\n" + pod("sc"), InjectOptions{});
  EXPECT_THAT(made.text, HasSubstr("- name: otc-container"));
}

TEST(Inject, NamesAMissingVolume) {
  const auto made = inject(pod("true"), "a.yaml", options_with("operator/sidecar-v1alpha1.yaml"));
  EXPECT_TRUE(made);  // its CR is of another namespace
  InjectOptions options = options_with("operator/sidecar-v1alpha1.yaml");
  options.sidecars[0].anywhere = true;
  const auto refused = inject(pod("true"), "a.yaml", options);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().what,
              HasSubstr("a.yaml:1:1: Pod/p: the sidecar mounts the volume \"fargate-app-logs\""));
}

TEST(Inject, TheUsersLaterAdditionsStay) {
  const auto once = injected(pod("true"), options_with()).text;
  auto changed =
      edit(once, {{{Change::Kind::add_item, "spec/initContainers", "", doc("{name: mine, image: x}"), 0}}},
           "a.yaml");
  ASSERT_TRUE(changed);
  const auto back = uninject(*changed, "a.yaml");
  ASSERT_TRUE(back) << back.error().what;
  EXPECT_THAT(back->text, HasSubstr("name: mine"));
  EXPECT_THAT(back->text, testing::Not(HasSubstr("otc-container")));
}

TEST(Inject, TheKubeletGivesTheConfigurationBackAsItWas) {
  // What the kubelet does with values. Source: Kubernetes' EnvVar reference.
  const auto kubelet = [](std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] != '$' || i + 1 == text.size()) {
        out += text[i];
      } else if (text[i + 1] == '$') {
        out += text[i++];
      } else if (text[i + 1] == '(' && text.find(')', i) != std::string_view::npos) {
        out += "EXPANDED";
        i = text.find(')', i);
      } else {
        out += text[i++];
        out += text[i];
      }
    }
    return out;
  };
  for (const std::string text :
       {"$", "$$", "$$$", "$(A)", "$$(A)", "a$1 $$1 ${env:X} $$${x}", "$($(A))", "x$", "$(", "${$(B)}"})
    EXPECT_EQ(kubelet(kept_from_kubelet(text)), text);
}

TEST(Inject, WrapsProgramsAndSaysWhichItCannot) {
  InjectOptions options = options_with();
  options.exec = true;
  const auto made =
      injected(pod("true", "    command: [/bin/sh, -c, 'x | tee y']\n  - name: b\n    image: b\n"), options);
  EXPECT_THAT(
      made.text,
      HasSubstr(
          "command: [\"/gleaner-tools/gleaner-exec\",\"--dir\",\"/var/log/gleaner/a\",\"--\", /bin/sh"));
  EXPECT_THAT(made.notes, Contains(HasSubstr("container b: not wrapped, it has no command")));
  EXPECT_THAT(made.notes, Contains(HasSubstr("container a: it still pipes into tee")));
}

TEST(Inject, GivesRightsToTheRightAccount) {
  InjectOptions options = options_with();
  options.pod_logs = true;
  const auto made = injected(pod("true", "  serviceAccountName: own\n"), options).text;
  EXPECT_THAT(made, HasSubstr("resources:\n      - pods/log\n    verbs:\n      - get\n"));
  EXPECT_THAT(made, HasSubstr("- kind: ServiceAccount\n    name: own\n    namespace: default\n"));
}

TEST(Workloads, AreFoundByKindAndVersion) {
  EXPECT_EQ(workloads(doc("{apiVersion: apps/v1, kind: Deployment}")).size(), 1u);
  EXPECT_EQ(workloads(doc("{apiVersion: example.com/v1, kind: Deployment}")).size(), 0u);
  EXPECT_EQ(workloads(doc("{apiVersion: example.com/v1, kind: Pod}")).size(), 0u);
  EXPECT_EQ(workloads(doc("{apiVersion: batch/v1beta1, kind: CronJob}"))[0].pod,
            "spec/jobTemplate/spec/template");
  EXPECT_EQ(workloads(doc("{apiVersion: v1, kind: List, items: [{}, {apiVersion: v1, kind: Pod}]}"))[0].place,
            "items/1");
}

}  // namespace
}  // namespace gleaner::deploy
