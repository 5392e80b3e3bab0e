#!/usr/bin/env bash
# ISA-L's igzip as a static library, from Debian's own source package: the distribution packs it as a shared one only.
# Made once, into build/deps/isal; where that fails gzip is libdeflate's, three times slower, and a line says so.
set -uo pipefail
cd "$(dirname "$0")/.."
to=$PWD/build/deps/isal
[ "$(uname -m)" = x86_64 ] || exit 0
[ -f "$to/LICENSE" ] || [ -f "$to/failed" ] && exit 0  # tried once; remove the folder to try again
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/lists/partial" "$to"
{
  sed -n 's/^Types:.*/Types: deb-src/p; /^Types:/!p' /etc/apt/sources.list.d/*.sources 2>/dev/null
} > "$work/a.sources"
grep -h '^deb ' /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null | sed 's/^deb /deb-src /' > "$work/b.list"
[ -s "$work/a.sources" ] && list=$work/a.sources || list=$work/b.list
apt=(apt-get -qq -o "Dir::Etc::sourcelist=$list" -o Dir::Etc::sourceparts=- -o "Dir::State::lists=$work/lists" -o APT::Sandbox::User=root)
make_it() {
  cd "$work"
  "${apt[@]}" update && "${apt[@]}" source --download-only libisal && tar xf libisal_*.orig.tar.* && cd libisal-*/ || return 1
  make -s -f Makefile.unx lib CC=clang-16 AS=nasm units="igzip crc mem" || return 1
  cp bin/isa-l.a "$to/libigzip.a" && cp include/igzip_lib.h include/types.h LICENSE "$to/"
}
(make_it) > "$to/log" 2>&1 || { touch "$to/failed"; echo "gzip by libdeflate: ISA-L could not be made (build/deps/isal/log)" >&2; }
exit 0
