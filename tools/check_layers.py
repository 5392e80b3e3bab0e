#!/usr/bin/env python3
"""Rooms include downwards only: reads every #include "room/..." under src/ and compares with the table below."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
COMPONENTS = {"receivers", "processors", "exporters", "extensions", "connectors"}
MAY = {
    "base": set(),
    "capture": set(),  # a program of its own, copied into other containers: libc only
    "storage": {"base"},
    "pdata": {"base"},
    "text": {"base", "pdata"},
    "config": {"base", "text"},
    "confignet": {"net", "config", "base"},
    "otlp": {"pdata", "text", "base"},
    "net": {"base"},
    "pipeline": {"otlp", "pdata", "config", "storage", "base"},
    "match": {"text", "pdata", "config", "base"},
    "auth": {"pipeline", "confignet", "net", "config", "base"},
    "stanza": {"pipeline", "text", "pdata", "config", "base"},
    "k8s": {"net", "text", "config", "base"},
    "deploy": {"k8s", "config", "base"},
    "service": {"base", "pdata", "text", "config", "otlp", "net", "pipeline", "stanza", "k8s", "confignet", "match", "auth"}
    | COMPONENTS,
}
BELOW = {"auth", "storage", "confignet", "match", "base", "pdata", "text", "config", "otlp", "net", "pipeline", "stanza", "k8s"}
for kind in COMPONENTS:
    MAY[kind] = BELOW
MAY["extensions"] = BELOW | {"deploy"}  # gleaner operator serves what deploy makes
MAY["main"] = MAY["tools"] = MAY["service"] | {"service", "capture", "deploy", "storage"}


def owner(path):
    """The room of a file; for components the folder too, as siblings must not know each other."""
    room = path.parts[0]
    return room, path.parts[1] if room in COMPONENTS and len(path.parts) > 2 else ""


def main():
    bad = []
    for source in sorted((ROOT / "src").rglob("*")):
        if source.suffix not in (".cc", ".h"):
            continue
        here = source.relative_to(ROOT / "src")
        room, component = owner(here)
        for number, line in enumerate(source.read_text().splitlines(), 1):
            found = re.match(r'#include "([a-z0-9_]+)/([^"]+)"', line)
            if not found:
                continue
            target, other = found.group(1), found.group(2).split("/")[0] if found.group(1) in COMPONENTS else ""
            same = target == room and (room not in COMPONENTS or other == component)
            if not same and target not in MAY.get(room, set()):
                bad.append(f"{here}:{number}: {room}/{component} may not include {found.group(1)}/{found.group(2)}")
    print("\n".join(bad) or "layers: every arrow points down")
    sys.exit(1 if bad else 0)


main()
