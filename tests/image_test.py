#!/usr/bin/env python3
"""The container image: made twice, byte for byte the same; a valid OCI layout; and unpacked into an empty root and
started there as a runtime starts it (read-only, another user, no capability, 16 MiB), the operator's twenty demands on
an image (spec/operator.md 1), as far as they can be seen without a cluster.

    image_test.py BUILD      BUILD: build/release"""
import ctypes
import fcntl
import gzip
import hashlib
import http.client
import io
import json
import os
import pathlib
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tarfile
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
LIMIT = 16 << 20
MEMORY = pathlib.Path("/sys/fs/cgroup/memory")
LIBC = ctypes.CDLL(None, use_errno=True)
SEED = ROOT / "tests/pod/sidecar.yaml"

# What the operator makes of a configuration since 0.111 and since 0.122, and some of its habits: nulls, empty maps.
ADDRESS = """
receivers: {otlp: {protocols: {grpc: {endpoint: "0.0.0.0:4317"}, http: {endpoint: "0.0.0.0:4318"}}}}
processors: {}
exporters: {debug: null}
extensions: {health_check: {endpoint: "0.0.0.0:13133", path: /}}
service:
  extensions: [health_check]
  telemetry: {metrics: {address: "0.0.0.0:8888"}}
  pipelines: {traces: {receivers: [otlp], processors: [], exporters: [debug]}}
"""
READER = """
receivers: {otlp: {protocols: {http: {endpoint: "0.0.0.0:4318"}}}}
extensions: {health_check: {endpoint: "0.0.0.0:13133"}}
exporters: {otlphttp: {endpoint: "http://127.0.0.1:1"}}
service:
  extensions: [health_check]
  telemetry: {metrics: {readers: [{pull: {exporter: {prometheus: {host: 0.0.0.0, port: 8888, without_units: false,
              without_type_suffix: false, without_scope_info: false}}}}]}}
  pipelines: {traces: {receivers: [otlp], exporters: [otlphttp]}}
"""


def make(build, out):
    done = subprocess.run([sys.executable, str(ROOT / "tools/image.py"), "--build", str(build), "--out", str(out)],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def check_layout(out):
    """Every digest, size and type. @return (config, layers' bytes)"""
    assert json.loads((out / "oci-layout").read_text()) == {"imageLayoutVersion": "1.0.0"}
    seen = set()

    def blob(descriptor, media_type):
        assert descriptor["mediaType"] == media_type, descriptor
        kind, name = descriptor["digest"].split(":")
        data = (out / "blobs" / kind / name).read_bytes()
        assert len(data) == descriptor["size"] and hashlib.sha256(data).hexdigest() == name, descriptor
        seen.add(name)
        return data

    top = "application/vnd.oci.image."
    index = json.loads((out / "index.json").read_text())
    assert index["schemaVersion"] == 2 and index["manifests"][0]["annotations"]["org.opencontainers.image.ref.name"]
    inner = json.loads(blob(index["manifests"][0], top + "index.v1+json"))
    for described in inner["manifests"]:
        manifest = json.loads(blob(described, top + "manifest.v1+json"))
        config = json.loads(blob(manifest["config"], top + "config.v1+json"))
        assert config["os"] == "linux" and config["architecture"] == described["platform"]["architecture"]
        layers = [gzip.decompress(blob(layer, top + "layer.v1.tar+gzip")) for layer in manifest["layers"]]
        assert ["sha256:" + hashlib.sha256(layer).hexdigest() for layer in layers] == config["rootfs"]["diff_ids"]
    assert seen == {p.name for p in (out / "blobs/sha256").iterdir()}, "blobs nobody refers to"
    return config, layers


def check_contents(layers):
    names = {}
    for layer in layers:
        with tarfile.open(fileobj=io.BytesIO(layer)) as archive:
            members = archive.getmembers()
            assert [m.name for m in members] == sorted(m.name for m in members)
            for member in members:
                assert (member.mtime, member.uid, member.gid) == (0, 0, 0), member.name
                names[member.name] = archive.extractfile(member).read() if member.isfile() else member.linkname
    assert names["etc/ssl/certs/ca-certificates.crt"].count(b"BEGIN CERTIFICATE") > 100
    assert names["usr/share/zoneinfo/Asia/Tokyo"][:4] == b"TZif"
    assert not any(name.endswith(("/sh", "/bash")) for name in names), "a shell"
    sbom = json.loads(names["usr/share/gleaner/sbom.spdx.json"])
    inside = {p["name"] for p in sbom["packages"]}
    # Linked from archives, header-only, and what the compiler brings along.
    for wanted in ("libssl-dev", "libnghttp2-dev", "libre2-dev", "libyaml-dev", "libzstd-dev", "rapidjson-dev", "libfmt-dev",
                   "libc6-dev", "libstdc++-12-dev", "musl-dev", "ca-certificates", "tzdata"):
        assert wanted in inside, "%s is not in the bill of materials: %s" % (wanted, sorted(inside))
    for package in inside - {"gleaner"}:
        assert names.get("usr/share/doc/%s/copyright" % package), "no licence of " + package
    for file in sbom["files"]:
        data = names[file["fileName"][2:]]
        assert {c["algorithm"]: c["checksumValue"] for c in file["checksums"]}["SHA256"] == hashlib.sha256(data).hexdigest()


def unpack(layers, root):
    for layer in layers:
        with tarfile.open(fileobj=io.BytesIO(layer)) as archive:
            archive.extractall(root, filter="fully_trusted") if hasattr(tarfile, "data_filter") else archive.extractall(root)


def mount(source, target, kind, flags, options=""):
    if LIBC.mount(str(source).encode(), str(target).encode(), kind.encode() if kind else None, flags, options.encode()):
        raise OSError(ctypes.get_errno(), "mount %s on %s" % (source, target))


def loopback_up():
    with socket.socket() as s:
        request = struct.pack("16sh", b"lo", 1 | 0x40)  # IFF_UP, IFF_RUNNING
        fcntl.ioctl(s, 0x8914, request)  # SIOCSIFFLAGS


class Container:
    """One start of the image's entry point in its root."""

    def __init__(self, root, words, user=10001, env=None, memory=True):
        self.group = None
        if memory and os.access(MEMORY, os.W_OK):
            self.group = MEMORY / ("gleaner-image-test-%d" % os.getpid())
            self.group.mkdir(exist_ok=True)
            (self.group / "memory.limit_in_bytes").write_text(str(LIMIT))

        def enter():
            if self.group:
                (self.group / "cgroup.procs").write_text(str(os.getpid()))
            os.chroot(root)
            os.chdir("/")
            for capability in range(64):
                LIBC.prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP
            os.setgroups([])
            os.setgid(user)
            os.setuid(user)
            assert LIBC.prctl(38, 1, 0, 0, 0) == 0  # PR_SET_NO_NEW_PRIVS

        self.log = tempfile.TemporaryFile()
        self.began = time.monotonic()
        # vfork would run enter() in this process' memory; Popen forks when there is a preexec_fn.
        self.process = subprocess.Popen(words, preexec_fn=enter, env={"PATH": "/", **(env or {})}, stdin=subprocess.DEVNULL,
                                        stdout=self.log, stderr=self.log, executable=words[0])

    def output(self):
        self.log.seek(0)
        return self.log.read().decode(errors="replace")

    def healthy(self, path="/"):
        """Seconds from exec to 200 on the health check."""
        while time.monotonic() < self.began + 20:
            assert self.process.poll() is None, "ended with %s:\n%s" % (self.process.returncode, self.output())
            try:
                if get(13133, path)[0] == 200:
                    return time.monotonic() - self.began
            except OSError:
                pass
            time.sleep(0.005)
        raise AssertionError("not healthy after 20 s:\n" + self.output())

    def status(self, key):
        for line in pathlib.Path("/proc/%d/status" % self.process.pid).read_text().splitlines():
            if line.startswith(key + ":"):
                return line.split(None, 1)[1]

    def stop(self):
        """@return seconds from SIGTERM to the end"""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=20)
        assert code == 0, "exit code %d\n%s" % (code, self.output())
        if self.group:
            self.group.rmdir()
        return time.monotonic() - began


def get(port, path="/", method="GET", body=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
    response = connection.getresponse()
    return response.status, response.read().decode()


def send_span(name="s"):
    span = {"traceId": "1" * 32, "spanId": "1" * 16, "name": name}
    status, body = get(4318, "/v1/traces", "POST", json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}))
    assert status == 200, (status, body)


def config_map(folder, text):
    """As the kubelet writes it: the file is a link into ..data, which is a link to a folder with a date."""
    new = "..2026_%d" % time.monotonic_ns()
    (folder / new).mkdir()
    (folder / new / "collector.yaml").write_text(text)
    os.chmod(folder / new / "collector.yaml", 0o644)
    link = folder / "..data_tmp"
    link.symlink_to(new)
    link.rename(folder / "..data")
    if not (folder / "collector.yaml").is_symlink():
        (folder / "collector.yaml").symlink_to("..data/collector.yaml")


def prepare(layers, work):
    """The root as a runtime mounts it. @return (root, folder behind /conf)"""
    root, conf = work / "root", work / "conf"
    for folder in (root, conf, work / "account"):
        folder.mkdir()
    unpack(layers, root)
    for folder in (work, root, conf):
        os.chmod(folder, 0o755)
    account = root / "var/run/secrets/kubernetes.io/serviceaccount"
    for folder in (root / "conf", root / "proc", root / "dev", root / "var/log/fargate", account):
        folder.mkdir(parents=True, exist_ok=True)  # mount points are the runtime's to make
    for name, text in (("token", "none"), ("namespace", "shop"),
                       ("ca.crt", (root / "etc/ssl/certs/ca-certificates.crt").read_text().split("-----END")[0] +
                        "-----END CERTIFICATE-----\n")):
        (work / "account" / name).write_text(text)
    bind, remount, read_only = 4096, 32, 1
    mount(root, root, "", bind)
    mount("none", root, "", bind | remount | read_only)
    for source, target in ((conf, root / "conf"), (work / "account", account)):
        mount(source, target, "", bind)
        mount("none", target, "", bind | remount | read_only)
    mount("/proc", root / "proc", "", bind)
    mount("none", root / "var/log/fargate", "tmpfs", 0, "mode=0777")
    return root, conf


def check_seed(root, conf, config):
    """The Fargate sidecar's configuration, merged with one more source, back end away, no cluster around."""
    config_map(conf, SEED.read_text())
    more = ("receivers: {otlp: {protocols: {http: {endpoint: '0.0.0.0:4318'}}}}\n"
            "extensions: {health_check: {endpoint: '0.0.0.0:13133'}}\nservice: {extensions: [health_check], telemetry: "
            "{metrics: {readers: [{pull: {exporter: {prometheus: {host: 0.0.0.0, port: 8888}}}}]}}}\n")
    (root / "var/log/fargate/application.log").write_text('{"timestamp":"2026-01-02T03:04:05.678Z","message":"hello"}\n')
    env = {"OTEL_CONFIG": more, "NODE_NAME": "n", "POD_NAME": "p", "POD_NAMESPACE": "shop", "POD_UID": "u",
           "GOMEMLIMIT": str(64 << 30), "GOMAXPROCS": "64", "KUBERNETES_SERVICE_HOST": "127.0.0.1",
           "KUBERNETES_SERVICE_PORT": "9"}
    words = config["Entrypoint"] + ["--config=/conf/collector.yaml",
                                    "--feature-gates=-component.UseLocalHostAsDefaultHost,-confmap.unifyEnvVarExpansion",
                                    "--config=env:OTEL_CONFIG"]
    container = Container(root, words, env=env)
    ready = container.healthy()
    assert container.status("Uid").split() == ["10001"] * 4
    assert int(container.status("CapEff"), 16) == int(container.status("CapBnd"), 16) == 0
    assert container.status("NoNewPrivs") == "1"
    send_span()
    socket.create_connection(("127.0.0.1", 4317), 5).close()
    status, metrics = get(8888, "/metrics")
    assert status == 200 and "otelcol_receiver_accepted_spans" in metrics, metrics[:500]
    deadline = time.monotonic() + 10
    while "otelcol_receiver_accepted_log_records" not in metrics and time.monotonic() < deadline:
        with open(root / "var/log/fargate/application.log", "a") as log:
            log.write('{"timestamp":"2026-01-02T03:04:05.678Z","message":"more"}\n')
        time.sleep(0.2)
        metrics = get(8888, "/metrics")[1]
    assert "otelcol_receiver_accepted_log_records" in metrics, "no log line was read\n" + container.output()
    assert get(13133)[0] == 200, "unhealthy because the back end is away"
    rss = int(container.status("VmRSS").split()[0])
    took = container.stop()
    assert took < 2.5, "a native sidecar may have 2 s, took %.1f" % took
    return ready, rss, took, container.group is not None


def check_reader_and_address(root, conf, config):
    for text in (ADDRESS, READER):
        config_map(conf, text)
        container = Container(root, config["Entrypoint"] + ["--config=/conf/collector.yaml"], user=123456)
        container.healthy()
        send_span()
        assert get(8888, "/metrics")[0] == 200
        if text == ADDRESS:  # a reload keeps it up, with what the ConfigMap has now; a broken one changes nothing
            config_map(conf, ADDRESS.replace("path: /}", "path: /ready}"))
            container.process.send_signal(signal.SIGHUP)
            container.began = time.monotonic()
            container.healthy("/ready")
        container.stop()


def check_configs(root, conf, config):
    """Spellings and expansions, by validate and print-config."""
    def run(command, *arguments, **env):
        container = Container(root, config["Entrypoint"] + [command, *arguments], env=env, memory=False)
        code = container.process.wait(timeout=20)
        return code, container.output()

    names = ("receivers: {kubelet_stats: {auth_type: none, endpoint: 'http://127.0.0.1:1'}, file_log: {include: [/x]}}\n"
             "exporters: {otlp_http: {endpoint: 'http://127.0.0.1:1'}}\nservice: {pipelines: {metrics: {receivers: "
             "[kubelet_stats], exporters: [otlp_http]}, logs: {receivers: [file_log], exporters: [otlp_http]}}}\n")
    assert run("validate", "--config=env:OTEL_CONFIG", OTEL_CONFIG=names) == (0, ""), "new names"
    bare = ADDRESS.replace("debug: null", "file: {path: '/tmp/${POD_NAME}'}").replace("[debug]", "[file]")
    code, text = run("print-config", "--compat=0.102", "--config=env:OTEL_CONFIG", OTEL_CONFIG=bare, POD_NAME="pod-1")
    assert code == 0 and "/tmp/pod-1" in text, text
    braces = bare.replace("${POD_NAME}", "${env:POD_NAME}")
    code, text = run("print-config", "--config=env:OTEL_CONFIG", OTEL_CONFIG=braces, POD_NAME="pod-1")
    assert code == 0 and "/tmp/pod-1" in text, text
    zone = ("receivers: {filelog: {include: [/x], operators: [{type: time_parser, parse_from: body, layout: '%Y-%m-%d', "
            "location: Asia/Tokyo}]}}\nexporters: {debug: }\nservice: {pipelines: {logs: {receivers: [filelog], exporters: "
            "[debug]}}}\n")
    assert run("validate", "--config=env:OTEL_CONFIG", OTEL_CONFIG=zone) == (0, ""), "time zones"
    container = Container(root, ["/gleaner-exec", "--install", "/var/log/fargate"], memory=False)
    assert container.process.wait(timeout=20) == 0, container.output()
    assert (root / "var/log/fargate/gleaner-exec").stat().st_mode & 0o777 == 0o755


def check_runc(root, conf, described, work):
    """The same by a real runtime. @return False when there is none, or it cannot make a container here"""
    if not shutil.which("runc"):
        return False
    config_map(conf, ADDRESS)
    spaces = ("mount", "pid", "ipc", "uts")  # the network stays this test's
    options = ["nosuid", "noexec", "nodev"]
    spec = {"ociVersion": "1.0.2", "hostname": "pod", "root": {"path": str(root), "readonly": True},
            "process": {"user": {"uid": 10001, "gid": 10001}, "args": described["Entrypoint"] + ["--config=/conf/collector.yaml"],
                        "env": described["Env"], "cwd": described["WorkingDir"], "noNewPrivileges": True,
                        "capabilities": {kind: [] for kind in ("bounding", "effective", "permitted")}},
            "mounts": [{"destination": "/proc", "type": "proc", "source": "proc", "options": options},
                       {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755", "size=64k"]},
                       {"destination": "/conf", "type": "bind", "source": str(conf), "options": ["rbind", "ro"]}],
            "linux": {"namespaces": [{"type": kind} for kind in spaces], "cgroupsPath": "/gleaner-image-test-%d" % os.getpid(),
                      "resources": {"memory": {"limit": LIMIT}},
                      "maskedPaths": ["/proc/kcore", "/proc/keys"], "readonlyPaths": ["/proc/sys", "/proc/bus"]}}
    bundle = work / "bundle"
    bundle.mkdir()
    (bundle / "config.json").write_text(json.dumps(spec))
    name = "gleaner-image-test-%d" % os.getpid()
    runc = ["runc", "--root", str(work / "runc")]
    log = open(work / "runc.log", "w+")
    process = subprocess.Popen(runc + ["run", "--bundle", str(bundle), name], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        for _ in range(400):
            if process.poll() is not None:
                log.seek(0)
                print("runc cannot make a container here: " + log.read().strip().splitlines()[-1])
                return False
            try:
                if get(13133)[0] == 200:
                    break
            except OSError:
                time.sleep(0.02)
        send_span()
        assert get(8888, "/metrics")[0] == 200
        subprocess.run(runc + ["kill", name, "TERM"], check=True)
        assert process.wait(timeout=10) == 0
    finally:
        subprocess.run(runc + ["delete", "--force", name], capture_output=True, check=False)
    return True


def inside(out):
    loopback_up()
    config, layers = check_layout(out)
    described = config["config"]
    assert described["Entrypoint"] == ["/gleaner"] and described["User"] == "10001:10001"
    assert {"4317/tcp", "4318/tcp", "8888/tcp", "13133/tcp", "55680/tcp"} <= set(described["ExposedPorts"])
    work = pathlib.Path(tempfile.mkdtemp(prefix="image-"))
    try:
        root, conf = prepare(layers, work)
        ready, rss, took, limited = check_seed(root, conf, described)
        check_reader_and_address(root, conf, described)
        check_configs(root, conf, described)
        runc = check_runc(root, conf, described, work)
    finally:
        subprocess.run(["umount", "-R", "-l", str(work / "root")], check=False)
        shutil.rmtree(work, ignore_errors=True)
    print("image: started as 10001 in a read-only root%s, healthy after %.0f ms, %.1f MiB, gone %.2f s after SIGTERM%s" % (
        " with 16 MiB" if limited else " (no memory cgroup to write: no limit)", ready * 1e3, rss / 1024, took,
        "; by runc, too" if runc else "; no runc"))


def main():
    if sys.argv[1] == "--inside":
        return inside(pathlib.Path(sys.argv[2]))
    build = pathlib.Path(sys.argv[1])
    with tempfile.TemporaryDirectory(prefix="image-") as work:
        one, two = pathlib.Path(work, "one"), pathlib.Path(work, "two")
        said = make(build, one)
        os.utime(build / "gleaner")
        make(build, two)
        for path in sorted(p for p in one.rglob("*") if p.is_file()):
            assert path.read_bytes() == (two / path.relative_to(one)).read_bytes(), path
        assert len(list(one.rglob("*"))) == len(list(two.rglob("*")))
        check_contents(check_layout(one)[1])
        print("image: twice the same bytes; %s, each with its licence" % said.split(", ", 1)[-1])
        if os.getuid() != 0:
            print("skip: starting it needs root")
            return
        sys.stdout.flush()
        done = subprocess.run(["unshare", "--mount", "--net", "--propagation", "private", sys.executable, __file__,
                               "--inside", str(one)])
        sys.exit(done.returncode)


if __name__ == "__main__":
    main()
