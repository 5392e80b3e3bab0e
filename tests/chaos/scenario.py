"""One scenario: a plan drawn from a seed, played, and checked to the item."""
import collections
import json
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from relay_test import figures, free_port  # noqa: E402

import disk_faults  # noqa: E402
from backend import FATES, TIMEOUT, Backend  # noqa: E402
from load import BATCH, Sender, Writer  # noqa: E402

CONSUMERS = 4
CHUNK = (64 << 10) // 105 * 2  # lines of a file on their way at once, and those they cut
NOBODY = 65534
DISK = 6 << 20     # bytes of the file system that fills
DRAIN = 60         # seconds, once the backend is well

CONFIG = """
extensions:
  file_storage: {directory: "%(store)s", create_directory: true%(fsync)s}
receivers:
  otlp: {wait_for_delivery: %(wait)s, protocols: {http: {endpoint: "127.0.0.1:%(port)d"}}}
  filelog: {include: ["%(logs)s/app.log*"], start_at: beginning, storage: file_storage, poll_interval: %(poll)s,
            retry_on_failure: {initial_interval: 50ms, max_interval: 500ms}}
  %(more)s
processors:
  batch: {timeout: 50ms, send_batch_size: 500, send_batch_max_size: 500}
  resource: {attributes: [{key: version, value: "%(version)d", action: upsert}]}
exporters:
  %(exporter)s:
    endpoint: "%(backend)s"
    %(protocol)s
    compression: none
    timeout: %(timeout)s
    sending_queue: {num_consumers: %(consumers)d, queue_size: %(queue)d%(storage)s}
    retry_on_failure: {initial_interval: 50ms, max_interval: 300ms, max_elapsed_time: %(elapsed)s}
service:
  extensions: [file_storage]
  telemetry: {logs: {level: %(level)s, sampling: {enabled: false}}, metrics: {readers: [{pull: {exporter: {prometheus: {host: 127.0.0.1, port: %(metrics)d}}}}]}}
  pipelines: {logs: {receivers: [otlp, filelog%(also)s], processors: [resource%(batch)s], exporters: [%(exporter)s]}}
"""


class Plan:
    """What the seed says."""

    def __init__(self, seed):
        chance = random.Random(seed)
        self.seed = seed
        self.grpc = chance.random() < 0.5
        self.durability = chance.choice(["memory", "wait", "storage", "storage"])
        self.kills = self.durability != "memory" and chance.random() < 0.5
        self.terms = chance.random() < 0.3
        self.reloads = chance.random() < 0.5
        self.flaps = chance.random() < 0.5
        self.permanent = chance.random() < 0.25
        self.elapsed = "0s" if self.kills or chance.random() < 0.75 else "2s"
        # What a batch gathers is in no file yet, and acknowledged.
        self.batch = chance.random() < 0.5 and not (self.kills and self.durability == "storage")
        self.disk = chance.choice(["none", "none", "full", "closed"])
        # A batch that a full queue refuses is dropped, as in the reference: that is not what is looked for here.
        self.queue = chance.choice([20, 1000]) if not self.batch else 1000
        self.fsync = chance.random() < 0.3
        self.events = chance.getrandbits(32)
        self.load = chance.getrandbits(32)
        self.faults = chance.sample(sorted(disk_faults.FAULTS), chance.choice([1, 1, 2])) if self.disk == "none" and chance.random() < 0.4 else []
        # A kill is then a loss of power too.
        self.power = self.disk == "none" and self.kills and self.durability == "storage" and chance.random() < 0.6
        self.fsync = self.fsync or self.power

    def __str__(self):
        words = ["grpc" if self.grpc else "http", self.durability, "queue of %d" % self.queue]
        words += [name for name in ("kills", "terms", "reloads", "flaps", "permanent", "batch", "fsync") if getattr(self, name)]
        words += ["gives up"] if self.elapsed != "0s" else []
        words += ["disk " + self.disk] if self.disk != "none" else []
        words += self.faults + (["power is lost"] if self.power else [])
        return ", ".join(words)


class Scenario:
    def __init__(self, binary, seed, seconds):
        self.binary, self.plan, self.seconds = binary, Plan(seed), seconds
        self.chance = random.Random(self.plan.events)
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="chaos-"))
        self.logs, self.disk, self.log = self.work / "logs", self.work / "disk", self.work / "gleaner.log"
        self.store = self.disk / "store"
        for folder in (self.logs, self.disk):
            folder.mkdir()
        self.done = collections.Counter()  # events
        self.mounted = False
        self.bad_lines = 0                 # lines written while offsets could not be kept
        self.values = {"version": 1, "poll": "50ms", "timeout": "%dms" % (TIMEOUT * 1000), "level": "info", "more": "", "also": ""}

    def prepare(self):
        """The file system of queue and offsets. What cannot be had here is left out and said."""
        root = os.geteuid() == 0
        self.traced = bool(self.plan.faults or self.plan.power)
        why = self.traced and disk_faults.missing()
        if why:
            self.plan.faults, self.plan.power, self.traced = [], False, False
            self.done["no strace"] += 1
            print("chaos: seed %d without failing disks and losses of power: %s" % (self.plan.seed, why), flush=True)
        self.platter = disk_faults.Platter(self.work / "trace")
        if self.plan.disk == "full":
            self.mounted = root and subprocess.run(["mount", "-t", "tmpfs", "-o", "size=%d" % DISK, "tmpfs", self.disk],
                                                   capture_output=True).returncode == 0
            if not self.mounted:
                self.plan.disk = "none"
                self.done["no mount"] += 1
        if self.plan.disk == "closed" and root:
            os.chmod(self.work, 0o755)
            for folder in (self.disk, self.logs):
                os.chown(folder, NOBODY, NOBODY)

    def configure(self, text=None):
        plan = self.plan
        values = {**self.values, "store": self.store, "logs": self.logs, "port": self.port, "metrics": self.metrics_port,
                  "fsync": ", fsync: true" if plan.fsync else "", "wait": "true" if plan.durability == "wait" else "false",
                  "exporter": "otlp" if plan.grpc else "otlp_http", "consumers": CONSUMERS, "queue": plan.queue,
                  "backend": "%s127.0.0.1:%d" % ("" if plan.grpc else "http://", self.backend.port),
                  "protocol": "tls: {insecure: true}" if plan.grpc else "encoding: json", "elapsed": plan.elapsed,
                  "storage": ", storage: file_storage" if plan.durability == "storage" else "",
                  "batch": ", batch" if plan.batch else ""}
        (self.work / "next").write_text(text or CONFIG % values)
        os.rename(self.work / "next", self.work / "gleaner.yaml")

    def drop_rights(self):
        if self.plan.disk == "closed" and os.geteuid() == 0:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)

    def start(self):
        mark = self.log.stat().st_size if self.log.exists() else 0
        with open(self.log, "ab") as log:
            self.trace_of_the_last()
            tracer = disk_faults.prefix(self.plan.faults, self.platter.log) if self.traced else []
            self.process = subprocess.Popen([*tracer, self.binary, "--config=%s/gleaner.yaml" % self.work], stdout=subprocess.DEVNULL, stderr=log,
                                            preexec_fn=self.drop_rights)
        end = time.monotonic() + 20
        while "Everything is ready" not in self.said(mark):
            assert self.process.poll() is None, "it does not start:\n" + self.said(mark)[-3000:]
            assert time.monotonic() < end, "it is not ready:\n" + self.said(mark)[-3000:]
            time.sleep(0.01)

    def said(self, since=0):
        with open(self.log, "rb") as log:
            log.seek(since)
            return log.read().decode(errors="replace")

    # What happens, one method an event.

    def trace_of_the_last(self):
        if self.traced and self.done["start"] > 0:
            self.platter.ended()
        self.done["start"] += 1

    def kill(self):
        self.process.kill()
        self.process.wait()
        if self.plan.power:
            self.trace_of_the_last()
            self.done["start"] = 0  # it is read already
            self.done["files cut"] += self.platter.cut(self.chance)
        time.sleep(self.chance.choice([0, 0.05, 0.3]))
        self.start_with_disk()

    def term(self):
        self.process.send_signal(signal.SIGTERM)
        if not self.plan.durability == "storage":  # it sends what it has, each request once more
            self.backend.mood = {"well": 1}
        try:
            assert self.process.wait(40) in (0, 1), "exit %d:\n%s" % (self.process.returncode, self.said()[-3000:])
        except subprocess.TimeoutExpired:
            raise AssertionError("SIGTERM, and it does not end:\n" + self.said()[-3000:])
        self.start_with_disk()

    def start_with_disk(self):
        """A folder that cannot be written ends the start, as it should; what is asked for here is what comes after one."""
        self.disk_well()
        self.start()

    def reload(self):
        change = self.chance.choice(["version", "timeout", "poll", "level", "receiver", "broken", "nothing"])
        self.done["reload: " + change] += 1
        if change == "version":
            self.values["version"] += 1
        elif change == "timeout":
            self.values["timeout"] = "%dms" % (TIMEOUT * 1000 + self.chance.randrange(100))
        elif change == "poll":
            self.values["poll"] = "%dms" % self.chance.randrange(20, 200)
        elif change == "level":
            self.values["level"] = self.chance.choice(["info", "warn", "debug"])
            self.values["level"] = "info" if self.values["level"] == "warn" else self.values["level"]  # the ledger is said at info
        elif change == "receiver":
            self.values["more"] = "" if self.values["more"] else 'otlp/more: {protocols: {http: {endpoint: "127.0.0.1:%d"}}}' % self.other_port
            self.values["also"] = ", otlp/more" if self.values["more"] else ""
        if change == "broken":
            self.configure("receivers: [broken\n")
            self.process.send_signal(signal.SIGHUP)
            time.sleep(self.chance.uniform(0, 0.3))
        self.configure()
        self.process.send_signal(signal.SIGHUP)

    def flap(self):
        self.backend.close()
        time.sleep(self.chance.uniform(0.05, 1.5))
        self.backend.open()

    def disk_bad(self):
        if self.bad_since is not None:
            return
        self.bad_since = self.writer.lines
        if self.plan.disk == "full":
            try:
                with open(self.disk / "ballast", "wb", buffering=0) as ballast:
                    while ballast.write(b"x" * 4096) > 0:
                        pass
            except OSError:
                pass  # full, as it should be
        else:
            for folder in (self.store, *self.store.glob("*.queue")):
                os.chmod(folder, 0o500)

    def disk_well(self):
        if self.bad_since is None:
            return
        self.bad_lines += self.writer.lines - self.bad_since
        self.bad_since = None
        if self.plan.disk == "full":
            (self.disk / "ballast").unlink(missing_ok=True)
        else:
            for folder in (self.store, *self.store.glob("*.queue")):
                os.chmod(folder, 0o700)

    def disk_event(self):
        self.disk_well() if self.bad_since is not None else self.disk_bad()

    def mood(self):
        """One mood in three is bad all over; the others are mixed."""
        bad = [fate for fate in FATES if fate != "well"] + (["for good"] if self.plan.permanent else [])
        if self.chance.random() < 0.3:
            self.backend.mood = {self.chance.choice(bad): 1}
        else:
            self.backend.mood = {"well": 4, **{fate: self.chance.random() for fate in self.chance.sample(bad, 3)}}

    def play(self):
        self.port, self.other_port, self.metrics_port = free_port(), free_port(), free_port()
        self.backend = Backend(free_port(), self.plan.grpc, self.plan.load, self.plan.permanent)
        self.bad_since = None
        self.prepare()
        self.configure()
        self.writer = Writer(self.logs, self.plan.load, rate=400)
        self.senders = [Sender(self.port, n, rate=30) for n in range(4)]
        self.start()
        for one in (*self.senders, self.writer):
            one.start()
        events = [self.mood] * 3
        events += [self.kill] * 2 if self.plan.kills else []
        events += [self.term] if self.plan.terms else []
        events += [self.reload] * 2 if self.plan.reloads else []
        events += [self.flap] if self.plan.flaps else []
        events += [self.disk_event] * 2 if self.plan.disk != "none" else []
        end = time.monotonic() + self.seconds
        while time.monotonic() < end:
            event = self.chance.choice(events)
            self.done[event.__name__] += 1
            event()
            time.sleep(self.chance.uniform(0.05, 0.7))
            assert self.process.poll() is None, "it ended by itself with %s:\n%s" % (self.process.returncode, self.said()[-4000:])
        self.finish()

    def finish(self):
        """All is well again: everything has to come out."""
        self.disk_well()
        self.backend.mood = {"well": 1}
        for one in (*self.senders, self.writer):
            one.done = True
        for one in (*self.senders, self.writer):
            one.join(60)
            assert not one.is_alive(), "a sender gets no answer any more:\n" + self.said()[-3000:]
        begin, calm = time.monotonic(), 0
        while calm < 3:
            figures = self.figures()
            waits = figures["gleaner_ledger_held"] + figures["otelcol_exporter_queue_size"] + figures["otelcol_exporter_in_flight_requests"]
            unread = self.missing() & self.writer.all()
            calm = calm + 1 if waits == 0 and (not unread or time.monotonic() - begin > 8) else 0
            assert time.monotonic() - begin < DRAIN, "it does not drain: %d lines unread, %s" % (len(unread), figures)
            time.sleep(0.2)
        total = {name: figures["gleaner_ledger_" + name] for name in ("in", "copies", "delivered", "persisted", "dropped", "held")}
        assert total["in"] + total["copies"] == sum(total[x] for x in ("delivered", "persisted", "dropped", "held")), total
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(20) == 0, self.said()[-3000:]

    def figures(self):
        return figures(self.metrics_port)

    def of_senders(self, what):
        return set().union(*(getattr(one, what) for one in self.senders))

    def promised(self):
        """What was acknowledged or written."""
        return self.of_senders("answered") | self.writer.all()

    def missing(self):
        return self.promised() - self.backend.seen() - self.backend.refused

    def check(self):
        plan, backend, said = self.plan, self.backend, self.said()
        seen, promised = backend.seen(), self.promised()
        missing = promised - seen
        unsure, refused, given_up = (self.of_senders(x) for x in ("unsure", "refused", "given_up"))
        twice = sum(n - 1 for n in backend.got.values())
        dropped = sum(int(n) for n in re.findall(r'Dropping data\..*"dropped_items": (\d+)', said))
        ledger = collections.Counter()
        for text in re.findall(r"Ledger\t(\{.*\})", said):
            ledger.update({k: v for k, v in json.loads(text).items() if isinstance(v, int)})
        kills = self.done["kill"]
        drops_explained = plan.permanent or plan.elapsed != "0s" or (
            plan.durability != "storage" and (self.done["term"] or self.done["reload"]))  # each may restart everything
        # What a batch has gathered waits for a disk that refuses, but not at its end.
        unkept = plan.batch and plan.durability == "storage" and (self.done["disk_event"] or plan.faults) and (
            self.done["term"] or self.done["reload"])
        if unkept:
            drops_explained, dropped = True, dropped + ledger["dropped"]
        late = said.count("and may come twice")  # receivers that were exchanged while the backend was away
        summary = "%d sent and written, %d delivered, %d rejected in part, %d dropped, %d twice (%d may), %d held; %d sent again, ledger %s; %s; %s" % (
            len(promised), len(promised & seen), len(promised & set(backend.rejected)), dropped, twice, backend.unknown, ledger["held"],
            len(unsure) + len(refused), dict(ledger), dict(self.done), dict(backend.fates))
        self.summary = summary
        # Nothing from nowhere.
        strange = seen - promised - unsure - given_up - refused
        assert not strange, "arrived, but nobody sent them: %s; %s" % (sorted(strange)[:5], summary)
        if plan.durability != "wait":  # there a refusal may come after the fact
            both = refused & seen
            assert not both, "%d refused items arrived: %s; %s" % (len(both), sorted(both)[:5], summary)
        # Nothing lost.
        assert drops_explained or dropped == 0, "%d dropped without a reason; %s" % (dropped, summary)
        lost = missing - backend.refused
        assert len(lost) <= (dropped if drops_explained else 0), "%d of %d are missing, %s; %s" % (
            len(lost), len(promised), sorted(lost)[:5], summary)
        # Nothing repeated without a cause.
        allowed = backend.unknown
        if kills:
            allowed += kills * (CONSUMERS * max(backend.largest, BATCH) + CHUNK)
        if kills or self.done["term"]:
            # Places in files that could not be kept, or were not synced when the power went.
            allowed += self.writer.lines if plan.faults or plan.power else self.bad_lines
        # What was given up when time was over is read again from its file, and with it all that is behind it there.
        again = dropped > 0 and plan.durability != "storage" or late > 0
        lines_twice = sum(n - 1 for item, n in backend.got.items() if item[0] == "f")
        assert twice - (lines_twice if again else 0) <= allowed, "%d came twice, %d may; %s" % (twice, allowed, summary)
        if kills:
            return
        # The books, which no kill -9 has torn.
        entered = promised | given_up | (unsure & (seen | backend.refused))
        assert ledger["held"] == 0, summary
        assert ledger["in"] + ledger["copies"] == ledger["delivered"] + ledger["persisted"] + ledger["dropped"], summary
        if plan.durability == "storage":
            assert ledger["persisted"] + ledger["dropped"] == ledger["in"] and ledger["delivered"] == 0, summary
            assert ledger["dropped"] == 0 or unkept, summary
        else:
            assert ledger["dropped"] == dropped, summary
            answered = sum(backend.got.values()) + sum(backend.rejected.values())
            assert answered - backend.unknown <= ledger["delivered"] <= answered, summary
        if drops_explained or plan.durability == "wait":
            # What was dropped may have arrived all the same, if nobody knew; who was unsure of it may not have been heard.
            most = len(promised | given_up | unsure | refused) + again * lines_twice + dropped
            assert len(entered) <= ledger["in"] <= most, (len(entered), summary)
        else:
            assert ledger["in"] == len(entered) == len(seen), (len(entered), len(seen), summary)

    def clean(self):
        self.disk_well() if getattr(self, "bad_since", None) is not None else None
        if getattr(self, "process", None) and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self.mounted:
            subprocess.run(["umount", "-l", self.disk])


def play(binary, seed, seconds, keep=False):
    """@return whether it holds; prints one line, or what is wrong"""
    scenario = Scenario(binary, seed, seconds)
    try:
        scenario.play()
        scenario.check()
        print("chaos: seed %d (%s): %s" % (seed, scenario.plan, scenario.summary), flush=True)
        good = True
    except AssertionError as wrong:
        print("chaos: seed %d (%s) FAILED, files in %s: %s" % (seed, scenario.plan, scenario.work, wrong), flush=True)
        good = False
    finally:
        scenario.clean()
    if good and not keep:
        shutil.rmtree(scenario.work, ignore_errors=True)
    return good


if __name__ == "__main__":
    os._exit(0 if play(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])) else 1)
