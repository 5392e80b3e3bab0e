#!/usr/bin/env bash
# All of ./dev test. The last lines are the runner's own counts.
set -euo pipefail
cd "$(dirname "$0")/.."
./dev build release
./dev build asan

failed=()
step() {  # a failure does not keep the others from being seen
  "$@" || failed+=("$*")
}
step ./dev lint  # what differs from main; ./dev lint --all before a push
step bash -c 'set -o pipefail; python3 tests/golden/check.py --collector build/release/gleaner --flavour new --errors exit --jobs 3 | grep -v "^skip"'
step bash -c 'set -o pipefail; python3 tests/golden/check.py --collector build/release/gleaner --flavour 102 --errors exit --jobs 3 | grep -v "^skip"'
step python3 tests/image_test.py build/release
step python3 tests/manifests_test.py build/release/gleaner
step "$(tests/venv.sh)" tests/helm_test.py build/release/gleaner --cached
step python3 tests/operator_test.py build/release/gleaner
step python3 tests/relay_test.py build/release/gleaner
step python3 tests/otlphttp_test.py build/release/gleaner
step python3 tests/http_backend_test.py build/release/gleaner
step python3 tests/profiles_test.py build/release/gleaner
step python3 tests/self_metrics_test.py build/release/gleaner
step python3 tests/fetch_test.py build/release/gleaner
step python3 tests/filelog_test.py build/release/gleaner
step python3 tests/filelog_torture.py build/release/gleaner
step python3 tests/differential/check.py build/release/gleaner
step python3 tests/budget_test.py build/release/gleaner build/release/loadgen
step python3 tests/lanes_test.py build/release/gleaner
step python3 tests/reload_test.py build/release/gleaner
step python3 tests/pod_logs_test.py build/release/gleaner
step python3 tests/pod_files_test.py build/release/gleaner
step python3 tests/kubelet_relay_test.py build/release/gleaner
step python3 tests/k8s_attributes_test.py build/release/gleaner
step python3 tests/kubeletstats_differential.py build/release/gleaner --documents 150
step python3 tests/k8s/run.py build/release/gleaner --cached
step python3 tests/schema_test.py build/release/gleaner
step python3 tests/outage_test.py build/release/gleaner
step python3 tests/queue_test.py build/release/gleaner
step python3 tests/chaos/run.py build/release/gleaner
step python3 tests/shutdown_test.py build/release/gleaner
step python3 tests/health_test.py build/release/gleaner
step python3 tests/clock_test.py build/release/gleaner build/release/wall_clock
step python3 tests/h2spec_test.py build/release/gleaner
step python3 tests/lying_backend_test.py build/release/gleaner
step python3 tests/hostile_test.py build/release/gleaner
step python3 tests/h2load_test.py build/release/gleaner
step python3 tests/overload_test.py build/release/gleaner
step python3 tests/memory_test.py build/release/gleaner
step "$(tests/venv.sh)" tests/sdk_test.py build/release/gleaner
step "$(tests/venv.sh)" tests/backend_test.py build/release/gleaner
step "$(tests/venv.sh)" tests/receiver_test.py build/release/gleaner
step python3 tests/interop/run.py build/release/gleaner
step "$(tests/venv.sh)" tests/auth_test.py build/release/gleaner
step python3 tests/capture/run.py build/release/gleaner-exec build/release/capture_writer
step python3 tests/capture/run.py "build/release/gleaner exec" build/release/capture_writer process
step python3 tests/capture/tail_test.py build/release/gleaner build/release/capture_writer
step python3 tests/broken/check.py build/release/gleaner
step ./dev fuzz --smoke 5

# What failed above is said once more where the end of a long log is read; the last lines are the counts of the unit tests.
[ "${#failed[@]}" = 0 ] || printf "FAILED: %s\n" "${failed[@]}"
ctest --test-dir build/asan --output-on-failure -j "$(nproc)" --no-tests=error || failed+=(ctest)
[ "${#failed[@]}" = 0 ]
