#include "service/components.h"

#include "exporters/debug/config.h"
#include "exporters/file/config.h"
#include "exporters/nop/nop.h"
#include "exporters/otlp/config.h"
#include "exporters/otlphttp/config.h"
#include "extensions/basicauth/config.h"
#include "extensions/bearertokenauth/config.h"
#include "extensions/file_storage/config.h"
#include "extensions/headers_setter/config.h"
#include "extensions/health_check/config.h"
#include "extensions/k8s_operator/config.h"
#include "extensions/kubelet_relay/config.h"
#include "extensions/oauth2client/config.h"
#include "processors/attributes/config.h"
#include "processors/batch/config.h"
#include "processors/filter/config.h"
#include "processors/k8sattributes/config.h"
#include "processors/memory_limiter/config.h"
#include "processors/resourcedetection/config.h"
#include "processors/transform/config.h"
#include "receivers/filelog/config.h"
#include "receivers/k8spodlogs/config.h"
#include "receivers/kubeletstats/config.h"
#include "receivers/otlp/config.h"

namespace gleaner::service {
namespace {

// One row a component. An explicit table, not self-registering statics: a linker drops those from a static
// library.
constexpr ExporterFactory kExporters[] = {
    exporter<exporters::debug::Config, &exporters::debug::make>("debug", "logging", kAllSignals,
                                                                "prints what passes"),
    exporter<exporters::file::Config, &exporters::file::make>(
        "file", "", kAllSignals, "writes OTLP JSON or protobuf to a file", Spread::one_lane),
    exporter<exporters::nop::Config, &exporters::nop::make>("nop", "", kAllSignals,
                                                            "takes everything and forgets it"),
    exporter<exporters::otlp::Config, &exporters::otlp::make>("otlp_grpc", "otlp", kAllSignals,
                                                              "sends OTLP over gRPC"),
    exporter<exporters::otlphttp::Config, &exporters::otlphttp::make>("otlp_http", "otlphttp", kAllSignals,
                                                                      "sends OTLP over HTTP"),
};
constexpr ExtensionFactory kExtensions[] = {
    extension<extensions::basicauth::Config, &extensions::basicauth::make>(
        "basicauth", "basic_auth", "checks or sends a name and a password"),
    extension<extensions::bearertokenauth::Config, &extensions::bearertokenauth::make>(
        "bearertokenauth", "bearer_token_auth", "checks or sends a token"),
    extension<extensions::file_storage::Config, &extensions::file_storage::make>(
        "file_storage", "", "keeps the state of components in files", Spread::one_lane),
    extension<extensions::headers_setter::Config, &extensions::headers_setter::make>(
        "headers_setter", "", "sets headers of exporters' requests"),
    extension<extensions::health_check::Config, &extensions::health_check::make>(
        "health_check", "", "tells whether gleaner is up", Spread::first_lane),
    extension<extensions::k8s_operator::Config, &extensions::k8s_operator::make>(
        "k8s_operator", "",
        "makes OpenTelemetryCollector objects into what they stand for, and puts sidecars into pods",
        Spread::first_lane),
    extension<extensions::kubelet_relay::Config, &extensions::kubelet_relay::make>(
        "kubelet_relay", "", "hands each pod its own part of what the kubelet says", Spread::first_lane),
    extension<extensions::oauth2client::Config, &extensions::oauth2client::make>(
        "oauth2client", "", "fetches tokens and sends them"),
};
constexpr ReceiverFactory kReceivers[] = {
    receiver<receivers::filelog::Config, &receivers::filelog::make>("file_log", "filelog", kLogsOnly,
                                                                    "tails log files"),
    receiver<receivers::k8spodlogs::Config, &receivers::k8spodlogs::make>(
        "k8s_pod_logs", "", kLogsOnly, "reads the logs of containers through the API server",
        Spread::first_lane),
    receiver<receivers::kubeletstats::Config, &receivers::kubeletstats::make>(
        "kubelet_stats", "kubeletstats", kMetricsOnly,
        "asks a kubelet for the use of CPU, memory, disks and network", Spread::first_lane),
    receiver<receivers::otlp::Config, &receivers::otlp::make>("otlp", "", kAllSignals,
                                                              "takes OTLP over gRPC and HTTP"),
};
constexpr ProcessorFactory kProcessors[] = {
    processor<processors::attributes::Config, processors::attributes::Make>(
        "attributes", "", "changes the attributes of items"),
    processor<processors::attributes::ResourceConfig, processors::attributes::MakeResource>(
        "resource", "", "changes the attributes of resources"),
    processor<processors::batch::Config, processors::batch::Make>("batch", "",
                                                                  "joins small requests into large ones"),
    processor<processors::filter::Config, processors::filter::Make>("filter", "",
                                                                    "drops what conditions pick"),
    processor<processors::k8sattributes::Config, processors::k8sattributes::Make>(
        "k8s_attributes", "k8sattributes", "tells of each resource which pod it comes from"),
    processor_of_all<processors::memory_limiter::Config, processors::memory_limiter::Make>(
        "memory_limiter", "", "refuses data while memory is short"),
    processor<processors::resourcedetection::Config, processors::resourcedetection::Make>(
        "resource_detection", "resourcedetection", "tells of each resource where gleaner runs"),
    processor<processors::transform::Config, processors::transform::Make>(
        "transform", "", "runs statements that change what passes"),
};

constexpr std::string_view kNotBuilt[] = {"prometheus",
                                          "host_metrics",
                                          "hostmetrics",
                                          "k8s_cluster",
                                          "k8s_events",
                                          "k8s_objects",
                                          "k8sobjects",
                                          "receiver_creator",
                                          "journald",
                                          "fluent_forward",
                                          "fluentforward",
                                          "http_check",
                                          "httpcheck",
                                          "jaeger",
                                          "zipkin",
                                          "otelarrow",
                                          "opencensus",
                                          "statsd",
                                          "kafka",
                                          "awsxray",
                                          "awsecscontainermetrics",
                                          "awscontainerinsightreceiver",
                                          "load_balancing",
                                          "loadbalancing",
                                          "awsemf",
                                          "awscloudwatchlogs",
                                          "prometheus_remote_write",
                                          "prometheusremotewrite",
                                          "datadog",
                                          "probabilistic_sampler",
                                          "tail_sampling",
                                          "groupbytrace",
                                          "groupbyattrs",
                                          "cumulativetodelta",
                                          "deltatorate",
                                          "deltatocumulative",
                                          "metrics_transform",
                                          "metricstransform",
                                          "metricsgeneration",
                                          "redaction",
                                          "remotetap",
                                          "interval",
                                          "logdedup",
                                          "drain",
                                          "span",
                                          "zpages",
                                          "pprof",
                                          "oidc",
                                          "host_observer",
                                          "k8s_observer",
                                          "ack",
                                          "cgroup_runtime",
                                          "cgroupruntime",
                                          "http_forwarder",
                                          "opamp",
                                          "k8s_leader_elector",
                                          "sigv4auth",
                                          "awsproxy",
                                          "ecs_observer"};

}  // namespace

std::span<const ReceiverFactory> receivers() { return kReceivers; }
std::span<const ProcessorFactory> processors() { return kProcessors; }
std::span<const ExporterFactory> exporters() { return kExporters; }
std::span<const ExtensionFactory> extensions() { return kExtensions; }
std::span<const std::string_view> not_built() { return kNotBuilt; }

}  // namespace gleaner::service
