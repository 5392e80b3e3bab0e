// Which containers there are, a follower for each, and their lines through operators into the pipeline.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>

#include "base/small_file.h"
#include "k8s/log_pods.h"
#include "k8s/node_proxy.h"
#include "k8s/token_file.h"
#include "net/url.h"
#include "pipeline/find_extension.h"
#include "pipeline/hand_on.h"
#include "pipeline/unsettled.h"
#include "receivers/k8spodlogs/config.h"
#include "receivers/k8spodlogs/file_follower.h"
#include "receivers/k8spodlogs/stream_follower.h"
#include "stanza/config.h"
#include "stanza/emit.h"
#include "stanza/files/in_flight.h"
#include "stanza/pipeline.h"
#include "storage/storage.h"

namespace gleaner::receivers::k8spodlogs {
namespace {

constexpr Duration kAsk = std::chrono::seconds(20);  // for a list of pods or containers

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}
std::string file_text(const std::string& path, std::size_t limit) {
  auto read = read_small_file(path, limit);
  return read ? std::string(*read) : std::string();
}
std::string own_pod() {
  if (auto name = variable("POD_NAME"); !name.empty()) return name;
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "";
}
std::string own_namespace() {
  if (auto name = variable("POD_NAMESPACE"); !name.empty()) return name;
  return k8s::own_namespace();
}

class PodLogs final : public Receiver, public Unsettled, public LineSink {
 public:
  PodLogs(const Config& config, const Context& context, Consumer<Logs>& next,
          std::unique_ptr<k8s::Client> api, std::unique_ptr<k8s::Client> relay, storage::Storage* storage)
      : config_(config),
        context_(context),
        api_(std::move(api)),
        relay_(std::move(relay)),
        storage_(storage),
        name_space_(config.name_space.empty() ? own_namespace() : config.name_space),
        pod_(config.pod.empty() ? own_pod() : config.pod),
        hand_on_(config.retry, context, next, storage != nullptr),
        refresh_(context.loop),
        counters_{
            counter("reconnects", "Connections opened anew to go on with a log."),
            counter("repeated_lines", "Lines that came again on a new connection and were passed over."),
            counter("restarts", "Containers that started anew while they were not being read."),
            counter("gaps", "Places where lines may be missing: the log was rotated away unread.")} {}

  Result<> build() {
    if (name_space_.empty())
      return fail(Fault::config, "no namespace: set 'namespace', or POD_NAMESPACE by the Downward API");
    auto made = stanza::Pipeline::make(operators(), config_.output, context_.logger, context_.loop,
                                       [this](stanza::Entries&& entries) { collect(std::move(entries)); });
    if (!made) return fail(std::move(made.error()));
    operators_ = std::move(*made);
    return {};
  }

  /// What the configuration has; for lines as the runtime wrote them with `container` in front, unless it is
  /// there.
  config::Node operators() const {
    const auto& wanted = config_.operators;
    if (!config_.reads_files()) return wanted;
    const auto* first = wanted.items().empty() ? nullptr : wanted.items().front().find("type");
    if (first && first->text() == "container") return wanted;
    config::Node list = config::Node::list(wanted.mark());
    config::Node container = config::Node::map(wanted.mark());
    container["type"] = config::Node::scalar("container", true, wanted.mark());
    list.items().push_back(std::move(container));
    for (const auto& one : wanted.items()) list.items().push_back(one);
    return list;
  }

  Task<Result<>> start() override {
    if (config_.selector.empty() && pod_ == own_pod()) {
      own_container_ = variable("GLEANER_CONTAINER");
      if (own_container_.empty())
        own_container_ = k8s::own_container(file_text("/proc/self/mountinfo", 4 << 20));
      if (own_container_.empty())
        context_.logger.warn(
            "cannot tell which container is this one: put its name into containers::exclude, or what it logs "
            "comes back to it");
    }
    if (storage_) {
      auto store = co_await storage_->open({"receiver", "k8s_pod_logs", storage::name_in(context_.id), ""});
      if (!store) co_return fail(std::move(store.error()).in("storage client"));
      store_ = *store;
    }
    started_at_ = unix_nanos();
    gate_.spawn(keep_up());
    if (config_.auth_type == "serviceAccount")
      gate_.spawn(k8s::warn_of_node_proxy(*api_, context_.loop, context_.logger));
    co_return Result<>();
  }

  Task<Result<>> stop() override {
    stopping_ = true;
    refresh_.cancel();
    for (auto& [_, followed] : followers_) followed->follower->cancel();
    hand_on_.hurry();
    co_await api_->stop();  // cuts what is being asked
    if (relay_) co_await relay_->stop();
    co_await gate_.join();
    operators_->stop();
    co_await hand_on_.stop();
    co_await api_->stop();
    if (relay_) co_await relay_->stop();
    co_await gate_.join();
    stopped_ = true;  // what is still on its way may be delivered later: then settled() keeps it
    if (store_) {
      keep();
      store_->release();
    }
    co_return Result<>();
  }
  bool unsettled() const override { return on_their_way_ > 0; }

  // LineSink
  Task<> take(const Source& source, Chunk chunk) override {
    stanza::Entries entries;
    const std::uint64_t observed = unix_nanos();
    for (auto& block : chunk.bytes) entries.arena.adopt(std::move(block));
    const pdata::Map resource = resource_of(source, entries.arena);
    Followed& followed = *by_number_.at(source.number);
    std::uint64_t number = followed.marks.lines();
    followed.marks.pass(chunk.lines.size());
    if (store_) followed.marks.mark(std::move(chunk.place));
    const auto file = pdata::Value::string(entries.arena.copy(chunk.file));
    entries.list.reserve(chunk.lines.size());
    for (const auto& line : chunk.lines) {
      stanza::Entry entry;
      entry.timestamp = line.time;
      entry.origin.source = source.number;
      entry.origin.begin = number++;
      entry.origin.end = number;
      entry.observed = observed;
      entry.body = pdata::Value::string(line.text);
      if (!chunk.file.empty()) entry.attributes.set(entries.arena, "log.file.path", file);
      for (const auto& [key, value] : config_.attributes)
        entry.attributes.set(entries.arena, entries.arena.copy(key),
                             pdata::Value::string(entries.arena.copy(value)));
      entry.resource = resource;
      entry.resource_shared = true;
      entries.list.push_back(entry);
    }
    memory_ = std::move(chunk.memory);
    const auto errors = operators_->process(std::move(entries));
    memory_.clear();
    if (!errors.empty())
      context_.logger.error("failed to process entries",
                            {{"error", fmt::format("{}", fmt::join(errors, "\n"))}});
    co_await hand_on_.drain();
  }

 private:
  struct Followed {
    std::string key;
    std::unique_ptr<Follower> follower;
    Marks marks;
  };

  metrics::Counter& counter(std::string_view what, std::string_view help) const {
    return context_.metrics.counter(fmt::format("receiver_k8s_pod_logs_{}", what),
                                    {{"receiver", context_.id}}, help);
  }

  pdata::Map resource_of(const Source& source, Arena& arena) const {
    pdata::Map map;
    const auto set = [&](std::string_view key, std::string_view value) {
      if (!value.empty()) map.set(arena, key, pdata::Value::string(arena.copy(value)));
    };
    set("k8s.namespace.name", source.name_space);
    set("k8s.pod.name", source.pod);
    set("k8s.pod.uid", source.uid);
    set("k8s.container.name", source.container);
    for (const auto& [key, value] : config_.resource) set(arena.copy(key), value);
    return map;
  }

  void collect(stanza::Entries&& entries) {
    const auto token = in_flight_.add(entries.list, entries.also);
    Batch<Logs> batch(Payload<Logs>(std::make_unique<Records<Logs>>(stanza::emit(std::move(entries)))),
                      Ticket::make([this, token](Outcome outcome) { settled(token, outcome); }));
    ++on_their_way_;
    batch.memory = std::exchange(memory_, {});
    hand_on_.put(std::move(batch));
  }

  /// A batch has come to its end. What is lost because there is no time left is read again by the next run.
  void settled(stanza::files::InFlight::Token token, Outcome outcome) {
    --on_their_way_;
    if (stopping_ && outcome == Outcome::dropped) return;
    for (const auto number : in_flight_.settled(token)) moved_.insert(number);
    if (!store_ || (stopped_ && !store_->released())) return moved_.clear();
    if (stopped_) return keep();
    if (!keeping_) gate_.spawn(keep_soon());
  }
  /// Once in a turn of the loop, however much happened in it.
  Task<> keep_soon() {
    keeping_ = true;
    co_await context_.loop.yield();
    keeping_ = false;
    keep();
  }
  void keep() {
    for (const auto number : moved_) {
      const auto followed = by_number_.find(number);
      if (followed == by_number_.end()) continue;
      auto unsafe = in_flight_.lowest(number);
      if (const auto held = operators_->held_from(number); held && (!unsafe || *held < *unsafe))
        unsafe = held;
      const std::string& safe =
          followed->second->marks.safe(unsafe ? std::optional(unsafe->begin) : std::nullopt);
      if (!safe.empty()) store_->put("c" + followed->second->key, safe);
    }
    moved_.clear();
    store_->flush();
  }
  /// Positions of containers that are no more.
  void forget_others() {
    std::vector<std::string> gone;
    store_->each([&](std::string_view key, std::string_view) {
      if (key.starts_with('c') && !followers_.contains(std::string(key.substr(1)))) gone.emplace_back(key);
    });
    for (const auto& key : gone) store_->erase(key);
    store_->flush();
  }

  /// Looks for pods and containers, now and every refresh_interval.
  Task<> keep_up() {
    while (!stopping_) {
      auto pods = co_await find();
      if (stopping_) break;
      if (pods) {
        complained_.clear();
        for (const auto& pod : *pods)
          for (const auto& container : pod.containers) adopt(pod, container.name);
        for (const auto& pod : *pods) leave_others_of(pod);
        if (store_ && first_look_ && (may_get_pod_ || !config_.selector.empty())) forget_others();
      } else if (std::exchange(complained_, pods.error().what) != pods.error().what) {
        context_.logger.warn("cannot find out which containers there are", {{"error", pods.error().what}});
      }
      first_look_ = first_look_ && !pods;
      (void)co_await refresh_.sleep(pods ? config_.refresh_interval : kAfterTrouble);
    }
  }

  /// A pod made anew under its name has another uid: what was followed of the old one would read the new
  /// one's log.
  void leave_others_of(const k8s::LogPod& pod) {
    for (auto& [_, followed] : followers_) {
      const Source& source = followed->follower->source();
      if (source.pod == pod.name && source.uid != pod.uid && !pod.uid.empty()) followed->follower->cancel();
    }
  }

  void adopt(const k8s::LogPod& pod, const std::string& container) {
    const std::string key = pod.name + "/" + pod.uid + "/" + container;
    if (followers_.contains(key)) return;
    if (!container.empty() && (!config_.wants(container) || container == own_container_)) return;
    FollowOptions options{config_.silence, config_.poll_interval, config_.max_log_size.bytes, {}, 0};
    if (auto kept = store_ ? store_->get("c" + key) : std::nullopt)
      options.place = *kept;
    else if (config_.start_at == "end" && first_look_)
      options.new_since = started_at_;
    Followed& followed = *followers_.emplace(key, std::make_unique<Followed>()).first->second;
    followed.key = key;
    by_number_[++last_number_] = &followed;
    Source source{name_space_, pod.name, pod.uid, container, node_of(pod), last_number_};
    const Surroundings around{relay_ ? *relay_ : *api_, context_.loop, context_.logger,
                              context_.memory,          counters_,     *this};
    if (config_.reads_files()) {
      const std::string base = files_base(source.node);
      followed.follower = std::make_unique<FileFollower>(std::move(source), std::move(options), around, base);
    } else {
      followed.follower = std::make_unique<StreamFollower>(std::move(source), std::move(options), around);
    }
    context_.logger.info("Following a container's log", {{"pod", pod.name}, {"container", container}});
    gate_.spawn(follow(followed));
  }
  Task<> follow(Followed& followed) {
    co_await followed.follower->run();
    co_await context_.loop.yield();  // cancel(), which may have led here, still uses it
    if (stopping_) co_return;
    // The pod is gone. Batches of it may still be on their way: they find nothing to keep.
    if (store_) store_->erase("c" + followed.key);
    by_number_.erase(followed.follower->source().number);
    followers_.erase(std::string(followed.key));
  }

  std::string node_of(const k8s::LogPod& pod) const {
    if (!config_.node.empty()) return config_.node;
    if (!pod.node.empty()) return pod.node;
    std::string name = variable("NODE_NAME");
    return name.empty() ? variable("K8S_NODE_NAME") : name;
  }
  /// What stands in front of the kubelet's /logs.
  std::string files_base(const std::string& node) const {
    return relay_ ? "" : fmt::format("/api/v1/nodes/{}/proxy", net::query_escape(node));
  }

  Task<Result<std::vector<k8s::LogPod>>> find() {
    const std::string pods = "/api/v1/namespaces/" + net::query_escape(name_space_) + "/pods";
    const TimePoint deadline = context_.loop.now() + kAsk;
    if (!config_.selector.empty()) {
      auto list =
          co_await api_->get(pods + "?labelSelector=" + net::query_escape(config_.selector), deadline);
      if (!list) co_return fail(std::move(list.error()));
      co_return k8s::read_log_pods(list->view());
    }
    const std::string one = pods + "/" + net::query_escape(pod_);
    if (may_get_pod_) {
      auto answer = co_await api_->ask_for(one, deadline);
      if (!answer) co_return fail(std::move(answer.error()));
      if (answer->status == 200) {
        auto pod = k8s::read_log_pod(answer->body.view());
        if (!pod) co_return fail(std::move(pod.error()));
        got_pod_ = true;
        co_return std::vector<k8s::LogPod>{std::move(*pod)};
      }
      if ((answer->status != 401 && answer->status != 403) || got_pod_)  // a right once had comes back
        co_return fail(Fault::retryable, refusal(*answer));
      may_get_pod_ = false;  // not needed: reading logs alone tells enough
    }
    if (config_.reads_files()) co_return co_await ask_by_folder(deadline);
    co_return co_await ask_by_name(one, deadline);
  }

  /// The folder of a pod's logs has one for each container.
  Task<Result<std::vector<k8s::LogPod>>> ask_by_folder(TimePoint deadline) {
    k8s::LogPod found{pod_, variable("POD_UID"), {}};
    found.node = node_of(found);
    if (found.uid.empty() || (!relay_ && found.node.empty()))
      co_return fail(
          Fault::retryable,
          "without the right to get the pod, POD_UID and NODE_NAME are needed, by the Downward API");
    auto& files = relay_ ? *relay_ : *api_;
    auto answer = co_await files.ask_for(
        files_base(found.node) + pod_folder(name_space_, found.name, found.uid), deadline);
    if (!answer) co_return fail(std::move(answer.error()));
    if (answer->status != 200) co_return fail(Fault::retryable, refusal(*answer));
    for (auto& name : listed_names(answer->body.view())) {
      if (!name.ends_with('/')) continue;
      name.pop_back();
      found.containers.push_back({std::move(name), 0});
    }
    co_return std::vector<k8s::LogPod>{std::move(found)};
  }

  /// Asking for a log without saying whose makes the server name the containers there are.
  Task<Result<std::vector<k8s::LogPod>>> ask_by_name(std::string pod, TimePoint deadline) {
    auto answer = co_await api_->ask_for(pod + "/log?limitBytes=1", deadline);
    if (!answer) co_return fail(std::move(answer.error()));
    k8s::LogPod found{pod_, variable("POD_UID"), {}};
    const std::string message = k8s::status_message(answer->body.view());
    for (auto& name : k8s::containers_to_choose_from(message))
      found.containers.push_back({std::move(name), 0});
    // One ordinary container: it needs no name. Init containers and native sidecars stay unseen, so those
    // that the configuration names are asked for.
    if (found.containers.empty() &&
        (answer->status == 200 || message.find("waiting to start") != std::string::npos)) {
      for (const auto& name : config_.containers.include)
        if (name.find_first_of("*?[{") == std::string::npos) found.containers.push_back({name, 0});
      if (found.containers.empty()) found.containers.push_back({});
    }
    if (found.containers.empty()) {
      std::string why = refusal(*answer);
      if (answer->status == 403)
        why += fmt::format(": a Role in namespace {} with resources: [pods/log], verbs: [get] is needed",
                           name_space_);
      co_return fail(Fault::retryable, std::move(why));
    }
    co_return std::vector<k8s::LogPod>{std::move(found)};
  }
  static std::string refusal(const k8s::Client::Answer& answer) {
    const std::string words = k8s::status_message(answer.body.view());
    return fmt::format("{} {}", answer.status,
                       words.empty() ? std::string(answer.body.view().substr(0, 200)) : words);
  }

  static constexpr Duration kAfterTrouble = std::chrono::seconds(5);

  const Config config_;
  const Context context_;
  const std::unique_ptr<k8s::Client> api_, relay_;  ///< relay_: null where files come through the API server
  storage::Storage* storage_;
  storage::Store* store_ = nullptr;
  std::size_t on_their_way_ = 0;  ///< batches that are not settled
  const std::string name_space_, pod_;
  std::string own_container_, complained_;
  std::uint64_t started_at_ = 0;
  bool may_get_pod_ = true, got_pod_ = false, stopping_ = false, stopped_ = false, keeping_ = false,
       first_look_ = true;
  std::unique_ptr<stanza::Pipeline> operators_;
  HandOn hand_on_;
  std::vector<Reservation> memory_;  ///< of the chunk in the operators now
  stanza::files::InFlight in_flight_;
  std::map<std::string, std::unique_ptr<Followed>> followers_;  ///< by pod, uid and container
  std::map<std::uint32_t, Followed*> by_number_;
  std::uint32_t last_number_ = 0;
  std::set<std::uint32_t> moved_;  ///< containers to be looked at in keep()
  Timer refresh_;
  Gate gate_;
  Counters counters_;
};

}  // namespace

Result<std::unique_ptr<Receiver>> make(const Config& config, const Context& context, const Consumers& next) {
  k8s::ClientOptions options;
  options.auth = *k8s::auth_type_named(config.auth_type);
  options.context = config.context;
  options.user_agent = "gleaner/" + context.version;
  auto api = k8s::Client::api_server(context.loop, std::move(options));
  if (!api) return fail(std::move(api.error()));
  std::unique_ptr<k8s::Client> relay;
  if (!config.endpoint.empty()) {
    k8s::ClientOptions to_relay;
    to_relay.auth = *k8s::auth_type_named(config.auth_type);
    to_relay.endpoint = config.endpoint;
    to_relay.user_agent = "gleaner/" + context.version;
    to_relay.tls.ca_file = config.ca_file;
    to_relay.tls.insecure_skip_verify = config.insecure_skip_verify;
    std::string warning;
    auto made = k8s::Client::kubelet(context.loop, std::move(to_relay), warning);
    if (!made) return fail(std::move(made.error()));
    relay = std::move(*made);
  }
  storage::Storage* storage = nullptr;
  if (config.storage) {
    auto found = find_extension<storage::Storage>(context, *config.storage, "storage");
    if (!found) return fail(std::move(found.error()));
    storage = *found;
  }
  auto receiver =
      std::make_unique<PodLogs>(config, context, *next.logs, std::move(*api), std::move(relay), storage);
  if (auto ok = receiver->build(); !ok) return fail(std::move(ok.error()));
  return receiver;
}

}  // namespace gleaner::receivers::k8spodlogs
