#!/usr/bin/env bash
# All of ./dev test. The last lines are the runner's own counts.
set -euo pipefail
cd "$(dirname "$0")/.."
./dev build release
./dev build asan
python3 tools/check_layers.py
[ -f tests/CMakeLists.txt ] || true
exec ctest --test-dir build/asan --output-on-failure -j "$(nproc)" --no-tests=error
