"""What the cluster runs: Kubernetes' programs (kubeall/) and others, compiled from Go modules, and one small image. All are kept in
$XDG_CACHE_HOME/gleaner, by what they are made of; the first build takes 6 to 8 minutes of two cores and 3 GB of Go's cache."""
import hashlib
import io
import json
import os
import pathlib
import shutil
import subprocess
import tarfile

HERE = pathlib.Path(__file__).resolve().parent
VERSION = "1.34.4"  # as in go.mod
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "gleaner"
ENV = {**os.environ, "PATH": os.environ["PATH"] + ":/usr/local/go/bin", "CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly"}
IMAGE = "gleaner.test/busybox:1"
APPLETS = "sh cat date echo env false head ls mkdir printf seq sleep tail tee true wc".split()


class Missing(Exception):
    """The tests cannot run here; the text says what is not there."""


def go(source, *words, **more):
    return subprocess.run(["nice", "-n", "10", "go", *words], cwd=source, env=ENV, capture_output=True, text=True, **more)


def built(name, package=".", flags="", build=True):
    """@return the binary of the Go module in the folder NAME, built unless it is in the cache"""
    if not shutil.which("go", path=ENV["PATH"]):
        raise Missing("no go here")
    source = HERE / name
    digest = hashlib.sha256(go(source, "version").stdout.encode())
    for file in ("go.mod", "go.sum", "main.go"):
        digest.update((source / file).read_bytes() if (source / file).exists() else b"")
    binary = CACHE / ("%s-%s" % (name, digest.hexdigest()[:16]))
    if binary.exists():
        return binary
    if not build:
        raise Missing("%s is not built yet: ./dev soak k8s does that" % name)
    fetched = go(source, "mod", "download")
    if fetched.returncode:
        raise Missing("the Go modules of %s cannot be had: %s" % (name, fetched.stderr.strip()[-300:].replace("\n", " ")))
    print("k8s: compiling %s; this takes minutes, once" % name, flush=True)
    CACHE.mkdir(parents=True, exist_ok=True)
    coming = binary.with_suffix(".new.%d" % os.getpid())
    done = go(source, "build", "-trimpath", "-ldflags", "-s -w " + flags, "-o", str(coming), package)
    if done.returncode:
        raise SystemExit("%s does not build:\n%s" % (name, done.stderr[-4000:]))
    coming.rename(binary)
    for old in sorted(CACHE.glob(name + "-*"), key=lambda p: p.stat().st_mtime)[:-2]:
        old.unlink()
    return binary


def kubeall(build=True):
    stamp = "-X k8s.io/component-base/version.gitVersion=v%s -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=%s"
    return built("kubeall", flags=stamp % (VERSION, VERSION.split(".")[1]), build=build)


def helm(build=True):
    return built("helm", "helm.sh/helm/v3/cmd/helm", build=build)


def operator(build=True):
    return built("operator", "github.com/open-telemetry/opentelemetry-operator", build=build)


def image(path):
    """Writes an image archive of one layer: busybox, and nothing else. It serves as the pause image, too."""
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as tar:
        for folder in ("bin", "etc", "proc", "sys", "dev", "tmp", "var", "var/log", "out", "cfg"):
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(entry)
        busybox = pathlib.Path("/bin/busybox").read_bytes()
        entry = tarfile.TarInfo("bin/busybox")
        entry.size, entry.mode = len(busybox), 0o755
        tar.addfile(entry, io.BytesIO(busybox))
        for applet in APPLETS:
            entry = tarfile.TarInfo("bin/" + applet)
            entry.type, entry.linkname = tarfile.SYMTYPE, "busybox"
            tar.addfile(entry)
    layer = layer.getvalue()
    config = json.dumps({"architecture": "amd64", "os": "linux", "config": {"Entrypoint": ["/bin/sleep", "2147483647"], "Env": ["PATH=/bin"]},
                         "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(layer).hexdigest()]}}).encode()
    name = hashlib.sha256(config).hexdigest() + ".json"
    manifest = json.dumps([{"Config": name, "RepoTags": [IMAGE], "Layers": ["layer.tar"]}]).encode()
    with tarfile.open(path, "w") as tar:
        for part, text in ((name, config), ("layer.tar", layer), ("manifest.json", manifest)):
            entry = tarfile.TarInfo(part)
            entry.size = len(text)
            tar.addfile(entry, io.BytesIO(text))


def needed():
    """@throws Missing  unless everything but the programs is here"""
    if os.geteuid() != 0:
        raise Missing("not root")
    for program, package in (("containerd", "containerd"), ("ctr", "containerd"), ("runc", "runc"), ("busybox", "busybox-static"), ("openssl", "openssl"),
                             ("ip", "iproute2"), ("unshare", "util-linux"), ("/usr/lib/cni/bridge", "containernetworking-plugins"),
                             ("iptables", "iptables")):
        if not shutil.which(program):
            raise Missing("no %s here (Debian: %s)" % (program, package))
    if any(pathlib.Path("/sys/fs/cgroup").glob("*/kubepods")) or pathlib.Path("/sys/fs/cgroup/kubepods").exists():
        raise Missing("this machine is a node of a cluster already (there are cgroups called kubepods)")
    if subprocess.run(["unshare", "-mnpf", "--mount-proc", "true"], capture_output=True).returncode:
        raise Missing("no namespaces for mounts, networks and processes may be made here")
