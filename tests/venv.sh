#!/usr/bin/env bash
# Prints a Python that has tests/requirements.txt, made once under build/ and again when the list changes.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=build/venv
stamp=$(sha256sum tests/requirements.txt)
if [ "$(cat $venv/stamp 2>/dev/null)" != "$stamp" ]; then
  rm -rf $venv
  python3 -m venv $venv >&2
  $venv/bin/pip install -q --disable-pip-version-check -r tests/requirements.txt >&2
  echo "$stamp" > $venv/stamp
fi
echo "$PWD/$venv/bin/python"
