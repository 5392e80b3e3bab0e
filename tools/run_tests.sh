#!/usr/bin/env bash
# All of ./dev test. The last lines are the runner's own counts.
set -euo pipefail
cd "$(dirname "$0")/.."
./dev build release
./dev build asan
./dev lint  # what differs from main; ./dev lint --all before a push
python3 tests/golden/check.py --collector build/release/gleaner --flavour new --errors exit --jobs 3 | grep -v "^skip"
python3 tests/golden/check.py --collector build/release/gleaner --flavour 102 --errors exit --jobs 3 | grep -v "^skip"
python3 tests/image_test.py build/release
python3 tests/manifests_test.py build/release/gleaner
"$(tests/venv.sh)" tests/helm_test.py build/release/gleaner --cached
python3 tests/relay_test.py build/release/gleaner
python3 tests/otlphttp_test.py build/release/gleaner
python3 tests/http_backend_test.py build/release/gleaner
python3 tests/profiles_test.py build/release/gleaner
python3 tests/self_metrics_test.py build/release/gleaner
python3 tests/fetch_test.py build/release/gleaner
python3 tests/filelog_test.py build/release/gleaner
python3 tests/filelog_torture.py build/release/gleaner
python3 tests/differential/check.py build/release/gleaner
python3 tests/budget_test.py build/release/gleaner build/release/loadgen
python3 tests/lanes_test.py build/release/gleaner
python3 tests/reload_test.py build/release/gleaner
python3 tests/pod_logs_test.py build/release/gleaner
python3 tests/pod_files_test.py build/release/gleaner
python3 tests/kubelet_relay_test.py build/release/gleaner
python3 tests/k8s_attributes_test.py build/release/gleaner
python3 tests/kubeletstats_differential.py build/release/gleaner --documents 150
python3 tests/k8s/run.py build/release/gleaner --cached
python3 tests/schema_test.py build/release/gleaner
python3 tests/outage_test.py build/release/gleaner
python3 tests/queue_test.py build/release/gleaner
python3 tests/chaos/run.py build/release/gleaner
python3 tests/shutdown_test.py build/release/gleaner
python3 tests/h2spec_test.py build/release/gleaner
python3 tests/lying_backend_test.py build/release/gleaner
python3 tests/hostile_test.py build/release/gleaner
python3 tests/h2load_test.py build/release/gleaner
python3 tests/overload_test.py build/release/gleaner
"$(tests/venv.sh)" tests/sdk_test.py build/release/gleaner
"$(tests/venv.sh)" tests/backend_test.py build/release/gleaner
"$(tests/venv.sh)" tests/receiver_test.py build/release/gleaner
python3 tests/interop/run.py build/release/gleaner
"$(tests/venv.sh)" tests/auth_test.py build/release/gleaner
python3 tests/capture/run.py build/release/gleaner-exec build/release/capture_writer
python3 tests/capture/run.py "build/release/gleaner exec" build/release/capture_writer process
python3 tests/capture/tail_test.py build/release/gleaner build/release/capture_writer
python3 tests/broken/check.py build/release/gleaner
./dev fuzz --smoke 5
exec ctest --test-dir build/asan --output-on-failure -j "$(nproc)" --no-tests=error
