#!/usr/bin/env python3
"""The container image, FROM scratch, made without a daemon: ./dev image [--out DIR].

    image.py [--build build/release] [--arm64 BUILD] [--out build/image] [--name gleaner:VERSION]

Writes an OCI layout: `skopeo copy oci:DIR docker://...`, `crane push DIR ...`, `ctr images import` of its tar, and
`podman pull oci:DIR` take it. The same build gives the same bytes. Two layers: what changes with Debian (certificates,
time zones, licences) and what changes with gleaner. Why each part is there: spec/operator.md 1, docs/image.md."""
import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools" / "image"))

import parts  # noqa: E402
import sbom  # noqa: E402
from layout import Layout, Tree  # noqa: E402

USER = 10001  # a number, so that runAsNonRoot can be checked; any other number works as well
# What the reference's images expose, and what they once did: OTLP, zPages, health check, own metrics, the old OTLP.
PORTS = (4317, 4318, 8888, 13133, 55678, 55679, 55680, 55681)
# Where the images of the reference look for a configuration when no argument is given; all lead to one folder.
CONFIG_FOLDERS = ("etc/otelcol-contrib", "etc/otelcol-k8s", "etc/gleaner")


def version():
    return re.search(r"set\(GLEANER_VERSION (\S+)\)", (ROOT / "cmake/flags.cmake").read_text()).group(1)


def stripped(program):
    """The program without symbols; the build's own file stays as it is."""
    with tempfile.TemporaryDirectory() as folder:
        copy = pathlib.Path(folder, program.name)
        done = subprocess.run(["llvm-objcopy-16", "--strip-all", str(program), str(copy)], capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit("%s: %s (./dev build makes it)" % (program, done.stderr.strip()))
        return copy.read_bytes()


def debian_layer(packages):
    tree = Tree()
    tree.add("etc/ssl/certs/ca-certificates.crt", parts.ca_bundle())
    for name, data in parts.zones().items():
        tree.add("usr/share/zoneinfo/" + name, data)
    tree.add("etc/passwd", b"root:x:0:0:root:/:/sbin/nologin\ngleaner:x:%d:%d:gleaner:/:/sbin/nologin\n" % (USER, USER))
    tree.add("etc/group", b"root:x:0:\ngleaner:x:%d:\n" % USER)
    tree.add("etc/nsswitch.conf", b"hosts: files dns\n")  # without it glibc would ask DNS before /etc/hosts
    tree.folder("tmp", 0o1777)
    tree.folder("etc/otelcol")
    for folder in CONFIG_FOLDERS:
        tree.add(folder, "otelcol")
    for package in packages:
        tree.add("usr/share/doc/%s/copyright" % package["name"], package["copyright"])
    return tree


def programs(build):
    return {name: stripped(build / name) for name in ("gleaner", "gleaner-exec")}


def main():
    arguments = argparse.ArgumentParser(description="Write the container image as an OCI layout.")
    arguments.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release")
    arguments.add_argument("--arm64", type=pathlib.Path, help="a build folder for arm64, to make it one image for both")
    arguments.add_argument("--out", type=pathlib.Path, default=ROOT / "build/image")
    arguments.add_argument("--name", default="gleaner:" + version())
    options = arguments.parse_args()

    packages = parts.packages(options.build)
    debian = debian_layer(packages)
    labels = {"org.opencontainers.image.title": "gleaner", "org.opencontainers.image.version": version(),
              "org.opencontainers.image.description": "A telemetry collector for Kubernetes pods that takes an "
                                                      "OpenTelemetry Collector's configuration",
              "org.opencontainers.image.base.name": "scratch"}
    config = {"User": "%d:%d" % (USER, USER), "Entrypoint": ["/gleaner"], "Cmd": ["--config=/etc/otelcol/config.yaml"],
              "WorkingDir": "/", "ExposedPorts": {"%d/tcp" % port: {} for port in PORTS}, "Labels": labels,
              "Env": ["PATH=/"]}
    layout, manifests = Layout(), []
    for architecture, build in (("amd64", options.build), ("arm64", options.arm64)):
        if not build:
            continue
        found = programs(build)
        tree = Tree()
        for name, data in found.items():
            tree.add(name, data, 0o755)
        tree.add("usr/share/gleaner/sbom.spdx.json", sbom.document(version(), packages, found))
        manifests.append(layout.image(architecture, [("certificates, time zones, licences", debian), ("gleaner", tree)],
                                      config, labels))
    digest = layout.write(options.out, manifests, options.name)
    size = sum(len(data) for data in layout.blobs.values())
    print("%s: %s %s, %s, %.1f MB packed, %d packages in it" % (options.out, options.name, digest, " and ".join(
        m["platform"]["architecture"] for m in manifests), size / 1e6, len(packages)))


if __name__ == "__main__":
    main()
