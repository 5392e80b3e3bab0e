#!/usr/bin/env python3
"""Troubles that need a stage of their own: no file descriptors or threads left, no DNS at the start, DNS that is silent.

    faults.py GLEANER"""
import http.client
import json
import os
import pathlib
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
sys.path.insert(0, str(HERE.parent / "pod"))
from relay_test import free_port, stop, wait_for  # noqa: E402

from backend import Backend  # noqa: E402

FILES = 48  # RLIMIT_NOFILE
LONELY = 61234  # a user nobody else is

CONFIG = """
receivers:
  otlp: {protocols: {http: {endpoint: "127.0.0.1:%(port)d"}}}
  filelog: {include: ["%(work)s/*.txt"], start_at: beginning, poll_interval: 50ms}
exporters:
  otlp_http: {endpoint: "http://%(host)s:%(backend)d", encoding: json, compression: none,
              timeout: %(timeout)s, retry_on_failure: {initial_interval: 100ms, max_interval: 500ms}}%(more)s
service:
  telemetry: {metrics: {level: none}}
  pipelines: {logs: {receivers: [otlp, filelog], exporters: [otlp_http%(also)s]}}
"""


def until(condition, what, seconds=15):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.02)


def post(port, ids, timeout=10):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    body = json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": [{"body": {"stringValue": "#%s#" % x}} for x in ids]}]}]})
    connection.request("POST", "/v1/logs", body, {"Content-Type": "application/json"})
    status = connection.getresponse().status
    connection.close()
    return status


class Stage:
    def __init__(self, binary, name, host="127.0.0.1", limits=None, more="", also="", timeout="5s", flags=()):
        self.work = pathlib.Path(tempfile.mkdtemp(prefix=name + "-"))
        self.port, self.backend = free_port(), Backend(free_port(), grpc=False, seed=1)
        (self.work / "a.txt").write_text("#a0#\n")
        self.work.chmod(0o755)
        (self.work / "gleaner.yaml").write_text(CONFIG % {"port": self.port, "work": self.work, "host": host, "backend": self.backend.port,
                                                         "more": more, "also": also, "timeout": timeout})
        self.log = self.work / "gleaner.log"
        self.process = subprocess.Popen([binary, "--config=%s/gleaner.yaml" % self.work, *flags], stdout=subprocess.DEVNULL,
                                        stderr=open(self.log, "wb"), preexec_fn=limits)
        wait_for(self.log, "Everything is ready")

    def write(self, name, text):
        with open(self.work / name, "a") as out:
            out.write(text)

    def seen(self, item):
        return item in self.backend.seen()

    def cpu(self):
        fields = pathlib.Path("/proc/%d/stat" % self.process.pid).read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def end(self, keep=False):
        stop(self.process, self.log)
        if not keep:
            shutil.rmtree(self.work)


def descriptors(binary):
    """Connections take all descriptors: what is open goes on, nobody spins, and it is over when they close."""
    stage = Stage(binary, "files", limits=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (FILES, FILES)))
    until(lambda: stage.seen("a0"), "the first line")
    crowd = [socket.create_connection(("127.0.0.1", stage.port)) for _ in range(FILES * 2)]
    time.sleep(0.5)
    used = len(os.listdir("/proc/%d/fd" % stage.process.pid))
    assert used >= FILES - 1, "only %d descriptors are used" % used
    before = stage.cpu()
    stage.write("a.txt", "#a1#\n")  # an open file, and a connection that is kept
    until(lambda: stage.seen("a1"), "a line of an open file while there are no descriptors:\n" + stage.log.read_text()[-2000:])
    stage.write("b.txt", "#b0#\n")  # cannot be opened
    time.sleep(1.5)
    spent = stage.cpu() - before
    assert spent < 0.3, "%.2f s of CPU while there are no descriptors" % spent
    for one in crowd:
        one.close()
    begin = time.monotonic()
    assert post(stage.port, ["s0"]) == 200
    took = time.monotonic() - begin
    assert took < 3, "%.1f s until connections are taken again" % took
    until(lambda: stage.seen("s0") and stage.seen("b0"), "what comes afterwards:\n" + stage.log.read_text()[-2000:])
    stage.end()
    return "%d of %d descriptors used, an open file was read on; taken again after %.1f s, %.2f s of CPU" % (used, FILES, took, spent)


def no_name(binary):
    """The backend's name is known to nobody at the start."""
    hosts = pathlib.Path("/etc/hosts")
    stage = Stage(binary, "name", host="backend.test")
    ids = ["s%d" % n for n in range(100)]
    assert post(stage.port, ids) == 200
    time.sleep(1.5)
    assert not stage.backend.seen()
    assert "backend.test" in stage.log.read_text(), stage.log.read_text()
    hosts.write_text(hosts.read_text() + "127.0.0.1 backend.test\n")
    until(lambda: stage.backend.seen() >= {*ids, "a0"}, "the records once the name is known:\n" + stage.log.read_text()[-2000:])
    hosts.write_text("127.0.0.1 localhost\n")
    assert post(stage.port, ["s100"]) == 200  # the connection is there
    until(lambda: stage.seen("s100"), "what comes when the name is gone again")
    stage.backend.close()
    assert post(stage.port, ["s101"]) == 200
    time.sleep(0.7)
    stage.backend.open()
    hosts.write_text("127.0.0.1 localhost backend.test\n")
    until(lambda: stage.seen("s101"), "what waited for the name:\n" + stage.log.read_text()[-2000:])
    assert set(stage.backend.got.values()) == {1}
    stage.end()
    return "103 items waited for it, each came once"


def silent_name_server(binary):
    """Somebody listens on the name server's port and never says a word: each look-up would take a minute. Attempts end in
    their own time, addresses go on working, and so does the end."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 53))
    pathlib.Path("/etc/resolv.conf").write_text("nameserver 127.0.0.1\noptions timeout:30 attempts:2\n")
    other = Backend(free_port(), grpc=False, seed=1)
    stage = Stage(binary, "silence", host="backend.silent", more="""
  otlp_http/known: {endpoint: "http://127.0.0.1:%d", encoding: json, compression: none}
  otlp: {endpoint: "dns:///backend.silent:4317", timeout: 1s, tls: {insecure: true}, retry_on_failure: {initial_interval: 100ms, max_interval: 500ms}}""" % other.port,
                  also=", otlp_http/known, otlp", timeout="1s")
    assert post(stage.port, ["s0"]) == 200
    until(lambda: {"s0", "a0"} <= other.seen(), "the backend whose address is known")
    said = lambda: stage.log.read_text()
    until(lambda: said().count("deadline exceeded") + said().count("lookup backend.silent: i/o timeout") >= 4, "attempts that end: " + said()[-2000:])
    assert server.recv(512), "nobody asked"
    stage.process.send_signal(signal.SIGTERM)
    begin = time.monotonic()
    assert stage.process.wait(20) == 0, said()[-2000:]
    took = time.monotonic() - begin
    assert took < 8, "%.1f s to the end" % took
    server.close()
    shutil.rmtree(stage.work)
    return "attempts end after their own second, gone %.1f s after SIGTERM" % took


def no_threads(binary):
    """A node that gives no more threads (EAGAIN): the loop does itself what helpers do. A second lane is an error at the start."""
    def limits():
        os.setgroups([])
        os.setgid(LONELY)
        resource.setrlimit(resource.RLIMIT_NPROC, (1, 1))
        os.setuid(LONELY)
    stage = Stage(binary, "threads", host="localhost", limits=limits, flags=["--lanes=1"])
    threads = len(os.listdir("/proc/%d/task" % stage.process.pid))
    ids = ["s%d" % n for n in range(50)]
    assert post(stage.port, ids) == 200
    until(lambda: stage.backend.seen() >= {*ids, "a0"}, "what comes without threads:\n" + stage.log.read_text()[-2000:])
    threads = max(threads, len(os.listdir("/proc/%d/task" % stage.process.pid)))
    assert threads == 1, "%d threads: no limit here?" % threads
    config = stage.work / "gleaner.yaml"
    stage.end(keep=True)
    second = subprocess.run([binary, "--config=%s" % config, "--lanes=2"], capture_output=True, text=True, preexec_fn=limits, timeout=20)
    assert second.returncode == 1 and "Error: lane 1 gets no thread" in second.stderr, second
    shutil.rmtree(stage.work)
    return "51 items by a single thread; a second lane is refused with its reason"


def inside(binary):
    """In a mount and a network namespace of its own: /etc/hosts may be written there, and no name server answers."""
    import pod
    pod.loopback_up()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="etc-"))
    for name, text in (("hosts", "127.0.0.1 localhost\n"), ("resolv.conf", "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")):
        (folder / name).write_text(text)
        subprocess.run(["mount", "--bind", folder / name, "/etc/" + name], check=True)
    print("chaos: no name for the backend: " + no_name(binary), flush=True)
    print("chaos: a silent name server: " + silent_name_server(binary), flush=True)


def main():
    if sys.argv[2:] == ["inside"]:
        return inside(sys.argv[1])
    print("chaos: no descriptors: " + descriptors(sys.argv[1]), flush=True)
    if os.geteuid() != 0 or not shutil.which("unshare"):
        return print("chaos: no threads, no name for the backend, a silent name server: left out, they need root and unshare")
    print("chaos: no threads: " + no_threads(sys.argv[1]), flush=True)
    return sys.exit(subprocess.run(["unshare", "--mount", "--net", "--propagation", "private", sys.executable, __file__, sys.argv[1], "inside"]).returncode)


main()
