"""A pod on EKS Fargate, played on this machine.

enter() moves the program into mount and network namespaces of its own, so that the sidecar's configuration can be used
unchanged: kubernetes.default.svc:443, the service account's folder and /var/log/fargate are real in there, and nothing
of the machine is touched. Needs root (or sudo). ApiServer answers for the node's kubelet, over TLS, to holders of the
token, with documents recorded from a real one.
"""
import ctypes
import fcntl
import http.server
import os
import pathlib
import re
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
ACCOUNT = pathlib.Path("/var/run/secrets/kubernetes.io/serviceaccount")
LOG = pathlib.Path("/var/log/fargate/application.log")
TOKEN = "token-of-the-pod"
NODE = "fargate-ip-10-0-0-1.ec2.internal"
ENV = {"NODE_NAME": NODE, "POD_NAME": "web-0", "POD_NAMESPACE": "shop", "POD_UID": "0e5c1f2a-6f0c-4a52-9a51-1f0c6a1d2b3c"}


def enter():
    """Starts this program again inside namespaces; returns there."""
    if os.environ.get("GLEANER_POD") == "inside":
        prepare()
        return
    if not shutil.which("unshare"):
        sys.exit("this needs unshare (Debian package util-linux)")
    words = [] if os.getuid() == 0 else ["sudo", "-E"]
    words += ["unshare", "--mount", "--net", "--propagation", "private", "env", "GLEANER_POD=inside", sys.executable, *sys.argv]
    os.execvp(words[0], words)


def prepare():
    loopback_up()
    for folder in ("/run", "/var/log"):
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", folder], check=True)
    hosts = pathlib.Path("/run/hosts")
    hosts.write_text("127.0.0.1 localhost kubernetes.default.svc\n")
    subprocess.run(["mount", "--bind", hosts, "/etc/hosts"], check=True)
    LOG.parent.mkdir(parents=True)
    ACCOUNT.mkdir(parents=True)


def loopback_up():
    with socket.socket() as s:
        request = struct.pack("16sh", b"lo", 0x1 | 0x40)  # IFF_UP, IFF_RUNNING
        fcntl.ioctl(s, 0x8914, request)  # SIOCSIFFLAGS


def die_with_parent():
    """For children: gone when we are, and out of reach of the terminal's Ctrl-C, which is ours to handle in order."""
    os.setpgrp()
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


class ApiServer:
    """kubernetes.default.svc: /api/v1/nodes/NODE/proxy/{stats/summary,pods}. Counts requests and wrong tokens."""

    def __init__(self):
        self.requests, self.refused = 0, 0
        work = pathlib.Path(tempfile.mkdtemp(prefix="pod-"))
        run = lambda *words: subprocess.run(["openssl", *words], cwd=work, check=True, capture_output=True)
        run("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "ca.key", "-out", "ca.crt", "-subj", "/CN=cluster-ca", "-days", "2")
        run("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "api.key", "-out", "api.csr", "-subj", "/CN=kube-apiserver")
        (work / "ext").write_text("subjectAltName=DNS:kubernetes.default.svc\n")
        run("x509", "-req", "-in", "api.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-out", "api.crt", "-days", "2", "-extfile", "ext")
        shutil.copy(work / "ca.crt", ACCOUNT / "ca.crt")
        (ACCOUNT / "token").write_text(TOKEN)
        (ACCOUNT / "namespace").write_text(ENV["POD_NAMESPACE"])
        documents = {"/stats/summary": (HERE / "data/summary.json").read_bytes(), "/pods": (HERE / "data/pods.json").read_bytes()}
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                outer.requests += 1
                prefix = "/api/v1/nodes/%s/proxy" % NODE
                if self.headers.get("Authorization") != "Bearer " + TOKEN:
                    outer.refused += 1
                    status, body = 401, b"Unauthorized"
                elif self.path.startswith(prefix) and self.path[len(prefix):].split("?")[0].rstrip("/") in documents:
                    status, body = 200, documents[self.path[len(prefix):].split("?")[0].rstrip("/")]
                else:
                    status, body = 404, b"not found"
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 443), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(work / "api.crt", work / "api.key")
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        shutil.rmtree(work)


class Gleaner:
    """A collector under a configuration, with its log in a file."""

    def __init__(self, binary, config, log, env=None, stdout=None):
        self.log = pathlib.Path(log)
        self.started = time.monotonic()
        self.process = subprocess.Popen([binary, "--config=%s" % config], stderr=open(self.log, "wb"), stdout=stdout,
                                        env={"PATH": os.environ["PATH"], **ENV, **(env or {})}, preexec_fn=die_with_parent)

    def wait_ready(self, seconds=10):
        end = time.monotonic() + seconds
        while "Everything is ready" not in self.log.read_text():
            if self.process.poll() is not None or time.monotonic() > end:
                sys.exit("gleaner did not start:\n" + self.log.read_text())
            time.sleep(0.005)

    def status(self, key):
        """VmRSS or VmHWM in MiB."""
        text = pathlib.Path("/proc/%d/status" % self.process.pid).read_text()
        return int(re.search(key + r":\s+(\d+) kB", text).group(1)) / 1024

    def cpu_seconds(self):
        """Of all its threads that live, as the scheduler counts them: to the nanosecond."""
        counts = pathlib.Path("/proc/%d/task" % self.process.pid).glob("*/schedstat")
        return sum(int(count.read_text().split()[0]) for count in counts) / 1e9

    def metrics(self):
        """name{labels} -> value, from :8888."""
        with urllib.request.urlopen("http://localhost:8888/metrics", timeout=5) as answer:
            lines = answer.read().decode().splitlines()
        return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in lines if line and line[0] != "#"}

    def stop(self, seconds=10):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=seconds)

    def ledgers(self):
        """pipeline -> counts, as printed at the stop."""
        import json
        found = (json.loads(m) for m in re.findall(r"\tLedger\t(\{.*\})", self.log.read_text()))
        return {one["pipeline"]: one for one in found}
