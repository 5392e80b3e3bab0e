#!/usr/bin/env bash
# Builds the real collector, old and new, into bench/peers/bin/ with the collector's own builder, through the Go
# module proxy. A copy kept in $GLEANER_PEERS (default build/peers) is taken instead of building, and is left there for
# the next time. Without Go it says so and succeeds: the comparisons that need a peer are then skipped.
# Rotel is not built but taken from its npm package, of the version below.
#   bench/peers/build.sh [0.102|0.159|rotel ...]
set -euo pipefail
cd "$(dirname "$0")"
here=$PWD
kept=${GLEANER_PEERS:-$here/../../build/peers}
declare -A core=([0.102]=0.102.1 [0.159]=0.159.0)
rotel_package=@streamfold/rotel-linux-x64@0.0.8-alpha
[ $# -gt 0 ] || set -- 0.159 0.102 rotel
mkdir -p bin "$kept"

take_rotel() {
  if [ -x bin/rotel ]; then echo "peers: rotel is there"; return; fi
  if ! command -v npm >/dev/null; then echo "peers: skipped rotel: npm is not installed"; return; fi
  local work
  work=$(mktemp -d)
  (cd "$work" && npm pack --silent "$rotel_package" >/dev/null && tar xzf ./*.tgz)
  cp "$work/package/bin/rotel-agent" bin/rotel
  rm -r "$work"
  echo "peers: took $rotel_package, $(stat -c %s bin/rotel) bytes"
}

for name in "$@"; do
  if [ "$name" = rotel ]; then take_rotel; continue; fi
  version=${core[$name]:-}
  [ -n "$version" ] || { echo "peers: no manifest for '$name'; there are: ${!core[*]}" >&2; exit 1; }
  product=otelcol-$name
  # A binary is as good as the manifest it was built from: the manifest's hash is kept beside it.
  stamp=$(sha256sum "$product.yaml" | cut -d' ' -f1)
  for folder in bin "$kept"; do
    if [ -x "$folder/$product" ] && [ "$(cat "$folder/$product.manifest" 2>/dev/null)" = "$stamp" ]; then
      [ "$folder" = bin ] || cp "$folder/$product" "$folder/$product.manifest" bin/
      echo "peers: $product is there"
      continue 2
    fi
  done
  if ! command -v go >/dev/null; then
    echo "peers: skipped $product: Go is not installed (1.26 or newer builds both versions)"
    continue
  fi
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  echo "peers: building $product $version"
  GOBIN=$work go install "go.opentelemetry.io/collector/cmd/builder@v$version"
  # -s -w is the builder's own default: symbols are left out of the comparison of sizes.
  (cd "$work" && CGO_ENABLED=0 ./builder --config="$here/$product.yaml")
  cp "$work/build/$product" bin/
  echo "$stamp" > "bin/$product.manifest"
  cp "bin/$product" "bin/$product.manifest" "$kept/"
  rm -rf "$work"
  echo "peers: built $product, $(stat -c %s "bin/$product") bytes"
done
