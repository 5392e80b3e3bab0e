#!/usr/bin/env python3
"""docs/schema.json against every configuration at hand: what gleaner takes, the schema takes; an unknown key, type or
choice it refuses, as gleaner does. Reads configurations through print-config, so that is tried too."""
import copy
import json
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
SCHEMA = json.loads((ROOT / "docs/schema.json").read_text())
TYPES = {"object": dict, "array": list, "string": str, "null": type(None)}


def is_type(value, name):
    if name == "boolean":
        return isinstance(value, bool)
    if name in ("integer", "number"):
        return isinstance(value, int if name == "integer" else (int, float)) and not isinstance(value, bool)
    return isinstance(value, TYPES[name])


def wrong(value, schema, path="$"):
    """The first thing the schema has against the value, or None: the part of draft 7 that the schema uses."""
    if "$ref" in schema:
        return wrong(value, SCHEMA["definitions"][schema["$ref"].rsplit("/", 1)[1]], path)
    if "anyOf" in schema:
        first = [wrong(value, one, path) for one in schema["anyOf"]]
        if all(first):
            return first[0]
    if "enum" in schema and value not in schema["enum"]:
        return "%s: %r is not among %s" % (path, value, schema["enum"])
    if "type" in schema:
        names = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        if not any(is_type(value, name) for name in names):
            return "%s: %r is no %s" % (path, value, names)
    if "pattern" in schema and isinstance(value, str) and not re.search(schema["pattern"], value):
        return "%s: %r does not match" % (path, value)
    if isinstance(value, list) and "items" in schema:
        for i, item in enumerate(value):
            if bad := wrong(item, schema["items"], "%s[%d]" % (path, i)):
                return bad
    if isinstance(value, dict):
        for key in schema.get("required", []):
            if key not in value:
                return "%s: %s is missing" % (path, key)
        for key, inner in value.items():
            fits = [one for pattern, one in schema.get("patternProperties", {}).items() if re.search(pattern, key)]
            if key in schema.get("properties", {}):
                fits.append(schema["properties"][key])
            if not fits:
                more = schema.get("additionalProperties", True)
                if more is False:
                    return "%s: unknown key %s" % (path, key)
                if more is not True:
                    fits.append(more)
            for one in fits:
                if bad := wrong(inner, one, path + "." + key):
                    return bad
    return None


def read(binary, path, environment):
    done = subprocess.run([binary, "print-config", "--mode=unredacted", "--format=json", "--config", str(path)],
                          capture_output=True, text=True, env=environment, timeout=20)
    if done.returncode:
        return None
    return json.loads(done.stdout)


def main():
    binary = sys.argv[1]
    environment = dict(os.environ, DIR="/tmp", PORT1="4001", PORT2="4002", PORT3="4003", KUBELET_PORT="4004")
    taken = 0
    some = None
    for path in sorted(ROOT.glob("tests/golden/*/*/config.yaml")):
        document = read(binary, path, environment)
        if document is None:
            continue
        # What old versions took in other types is taken with a warning; the schema knows the right ones only.
        if path.parent.name in ("duration-without-unit",):
            continue
        bad = wrong(document, SCHEMA)
        assert not bad, "%s: %s" % (path, bad)
        taken += 1
        some = some or ("otlp" in document.get("receivers", {}) and document)
    assert taken >= 20, taken

    def changed(change):
        document = copy.deepcopy(some)
        document.setdefault("exporters", {})["otlphttp/x"] = {"endpoint": "http://h", "timeout": "3s",
                                                             "sending_queue": {"enabled": False}}
        change(document)
        return wrong(document, SCHEMA)

    assert not changed(lambda d: None)
    for change, want in (
            (lambda d: d.update(exporter={}), "unknown key exporter"),
            (lambda d: d["exporters"]["otlphttp/x"].update(timout="3s"), "unknown key timout"),
            (lambda d: d["exporters"]["otlphttp/x"].update(compression="brotli"), "'brotli' is not among"),
            (lambda d: d["exporters"]["otlphttp/x"].update(tls=[]), "is no ['object']"),
            (lambda d: d["exporters"].update(kafka={}), "unknown key kafka"),
            (lambda d: d["service"].update(pipelines={"logs": {"recievers": []}}), "unknown key recievers"),
            (lambda d: d["exporters"]["otlphttp/x"].update(max_idle_conns="many"), "is no ['integer']")):
        bad = changed(change)
        assert bad and want in bad, (want, bad)
    assert not changed(lambda d: d["exporters"]["otlphttp/x"].update(max_idle_conns="${env:N}"))
    print("schema: %d configurations taken, 7 mistakes refused" % taken)


if __name__ == "__main__":
    main()
