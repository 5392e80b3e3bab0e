"""Rows 10 to 12: what a shell user, an init system and a dying program expect."""
import os
import signal
import subprocess
import time

from harness import Broken, expect, have, wait_until


def rows(table, make):
    def row(name, check):
        try:
            words = check(make())
            table.fact(name, True, words or "as it should be")
        except Exception as why:  # a row that cannot be judged is bad, and the others go on
            table.fact(name, False, "%s: %s" % (type(why).__name__, why))

    row("exit codes 0, 42, 126, 127, 128+n", exit_codes)
    row("--install makes a copy that runs", installed)
    row("TERM reaches a shell's trap", forwarded)
    row("--signal-group reaches the grandchildren", group)
    row("stdin is passed on", stdin)
    row("the command's words stay as they are", arguments)
    row("signals and limits of the child are the original ones", untouched)
    row("double-forked orphans are reaped", orphans)
    row("a daemon holds the streams, not PID 1", daemon)
    row("standard streams closed at the start", closed)
    row("--passthrough shows what was written", shown)
    row("nobody reads our stdout any more", reader_gone)
    if os.getuid() == 0 and have("unshare"):
        row("a daemon holds the streams, PID 1", daemon_first)
        row("PID 1 reaps and forwards", first)
    else:
        table.skip("PID 1", "needs root and unshare")
    for end, code in (("kill", 137), ("abort", 134)):
        box = make()
        try:
            box.run([box.writer, "lines", 30000, "end", end], code=code)
            table.add("30,000 lines, then %s" % end, box.judge(30000), None)
        except Broken as why:
            table.fact(end, False, str(why))
    row("the wrapper is killed", killed)
    row("goes on behind an earlier run, killed in the middle", restarted)


def exit_codes(box):
    for program, code in ((["true"], 0), (["sh", "-c", "exit 42"], 42), (["/etc/passwd"], 126), (["no-such-program"], 127),
                          (["./no/such"], 127), (["sh", "-c", "kill -TERM $$"], 143), (["sh", "-c", "kill -KILL $$"], 137)):
        box.run(program, code=code)
    for flags in (["--no-such-flag"], ["--max-size=1KiB"]):
        box.run(["true"], *flags, code=125)


def installed(box):
    for target, path in ((box.root, box.root / "gleaner-exec"), (box.root / "named", box.root / "named")):
        expect(subprocess.run([*box.exec.split(), "--install", target]).returncode == 0, "it says no")
        words = [path, "exec"] if " " in box.exec else [path]
        expect(subprocess.run([*words, "--", "echo", "hi"], stdout=subprocess.PIPE).stdout == b"hi\n", "the copy does not run")
    expect(subprocess.run([*box.exec.split(), "--install", "/no/such/folder/x"], stderr=subprocess.DEVNULL).returncode == 125, "no error")


def forwarded(box):
    process = box.start(["sh", "-c", "trap 'echo trapped; exit 7' TERM; echo ready; while :; do sleep 0.05; done"])
    wait_until(lambda: box.segments() and b"ready" in box.segments()[0].read_bytes(), "the shell")
    process.terminate()
    expect(process.wait(10) == 7, "exit code %s" % process.returncode)
    expect([t for _, t, _ in box.records()] == [b"ready", b"trapped"], "the trap did not write")


def group(box):
    process = box.start(["sh", "-c", "(trap 'echo inner; exit' USR1; echo in; while :; do sleep 0.05; done) & trap : USR1; echo ready; wait; wait"],
                        "--signal-group")
    wait_until(lambda: box.segments() and {b"ready", b"in"} <= {t for _, t, _ in box.records()}, "the shells")
    process.send_signal(signal.SIGUSR1)
    expect(process.wait(10) == 0, "exit code %s" % process.returncode)
    expect(b"inner" in [t for _, t, _ in box.records()], "the grandchild got nothing")


def stdin(box):
    process = box.start(["cat"], stdin=subprocess.PIPE)
    process.communicate(b"one\ntwo\n", 10)
    expect([t for _, t, _ in box.records()] == [b"one", b"two"], "stdin did not arrive")


def arguments(box):
    box.run(["sh", "-c", 'printf "%s|" "$@"; echo', "sh", "", "--dir", "a b", "--", "-x"])
    expect(box.records()[0][1] == b"|--dir|a b|--|-x|", "got %r" % box.records()[0][1])


def untouched(box):
    text = "grep -E 'Sig(Blk|Ign|Cgt)' /proc/self/status; ulimit -Si"
    want = subprocess.run(["bash", "-c", "ulimit -Si 77; " + text], capture_output=True).stdout.split(b"\n")[:-1]
    # `before` lowers the limit for the wrapper, which raises its own and must give the old one to the child.
    box.run(["bash", "-c", text], before=("bash", "-c", 'ulimit -Si 77; exec "$@"', "sh"), restore_signals=True)
    got = [t for _, t, _ in box.records()]
    expect(got == want, "got %r instead of %r" % (got, want))


def orphans(box):
    text = "for i in 1 2 3 4 5; do (sh -c 'sleep 0.1; echo gone' & ) ; done; sleep 1; echo zombies $(ps -o stat= --ppid $PPID | grep -c Z)"
    box.run(["sh", "-c", text])
    expect(box.records()[-1][1] == b"zombies 0", "%r" % box.records()[-1][1])
    expect(len(box.records()) == 6, "%d lines" % len(box.records()))


def daemon(box):
    begin = time.monotonic()
    box.run(["sh", "-c", "echo before; setsid sleep 20 & echo after"], "--drain-timeout=500ms")
    took = time.monotonic() - begin
    expect(0.4 < took < 3, "took %.1f s" % took)
    expect([t for _, t, _ in box.records()] == [b"before", b"after"], "lines are missing")
    return "ended after %.1f s" % took


def as_first(box):
    return ("unshare", "--pid", "--fork", "--mount-proc", "--kill-child")


def daemon_first(box):
    begin = time.monotonic()
    box.run(["sh", "-c", "for i in $(seq 1000); do echo $i; done; setsid sleep 20 & exit 3"], code=3, before=as_first(box))
    took = time.monotonic() - begin
    expect(took < 3, "took %.1f s" % took)
    expect(len(box.records()) == 1000, "%d lines" % len(box.records()))
    return "ended after %.1f s" % took


def first(box):
    text = "trap 'echo trapped; exit 9' TERM; (sh -c 'sleep 0.1' &); sleep 0.4; echo pid $PPID zombies $(ps -eo stat= | grep -c Z); kill -TERM 1; sleep 5"
    box.run(["sh", "-c", text], code=9, before=as_first(box))
    got = [t for _, t, _ in box.records()]
    expect(got == [b"pid 1 zombies 0", b"trapped"], "got %r" % got)


def closed(box):
    for closing in (">&-", "2>&-", "<&-", "<&- >&- 2>&-"):
        command = " ".join(box.command()) + " -- sh -c 'echo out; echo err >&2' " + closing
        expect(subprocess.run(["sh", "-c", command], capture_output=True).returncode == 0, "failed with " + closing)
    got = [(s, t) for s, t, _ in box.records()]
    expect(sorted(set(got)) == [(b"stderr", b"err"), (b"stdout", b"out")] and len(got) == 8, "got %r" % got)


def shown(box):
    pause = "sleep 0.02; "  # what is shown is meant here, not the order of a first moment
    text = pause.join(("echo a; ", "echo b >&2; ", "printf c; ", "printf 'd\\n' >&2; ", "echo e"))
    for which, out, err in (("both", b"a\nce\n", b"b\nd\n"), ("stdout", b"a\nb\nd\nce\n", b""), ("none", b"", b"")):
        done = subprocess.run([*box.command("--passthrough=" + which), "sh", "-c", text], capture_output=True)
        expect((done.stdout, done.stderr) == (out, err), "%s: %r" % (which, done))
    done = subprocess.run([*box.command("--passthrough=stdout", "--passthrough-prefix"), "sh", "-c", text], capture_output=True)
    expect(done.stdout == b"stdout: a\nstderr: b\nstderr: d\nstdout: ce\n", "prefix: %r" % done.stdout)


def reader_gone(box):
    # Without files the program learns it from its pipe, as without a wrapper; with files it goes on.
    bare = [*box.exec.split(), "--", box.writer, "lines", "100000", "rate", "20000", "burst", "20"]
    done = subprocess.run(["bash", "-c", '"$@" | head -1 >/dev/null; exit ${PIPESTATUS[0]}', "bash", *bare], stderr=subprocess.DEVNULL)
    expect(done.returncode in (32, 128 + signal.SIGPIPE), "without files: %d" % done.returncode)
    stored = [*box.command(), "--", box.writer, "lines", "20000"]
    done = subprocess.run(["bash", "-c", '"$@" | head -1 >/dev/null; exit ${PIPESTATUS[0]}', "bash", *stored], stderr=subprocess.DEVNULL)
    expect(done.returncode == 0, "with files: %d" % done.returncode)
    row = box.judge(20000)
    expect(not row.lost and not row.wrong, "lost %d" % row.lost)


def killed(box):
    process = box.start(["sh", "-c", "trap '' PIPE; '%s' lines 10000000 rate 20000 burst 20; echo $? > %s/code" % (box.writer, box.root)])
    wait_until(lambda: box.segments() and box.segments()[0].stat().st_size > 10000, "lines")
    process.kill()
    process.wait()
    wait_until(lambda: (box.root / "code").exists() and (box.root / "code").read_text().strip(), "the program to notice")
    code = (box.root / "code").read_text().strip()
    expect(code == "32", "the program ended with %s" % code)
    return "the program got EPIPE"


def restarted(box):
    process = box.start([box.writer, "lines", 10000000, "rate", "20000", "burst", "20"], "--max-size=1Mi")
    wait_until(lambda: len(box.segments()) > 2, "three segments")
    process.kill()
    process.wait()
    last = box.segments()[-1].name
    box.run(["echo", "again"], "--max-size=1Mi")
    expect(box.segments()[-1].name > last, "an old segment was written again")
    expect(sum(p.stat().st_blocks * 512 for p in box.segments()[:-1]) <= sum(p.stat().st_size + 4096 for p in box.segments()[:-1]),
           "the reservation of the killed run is still there")
    expect(box.records(whole=False)[-1][1] == b"again", "nothing new")
