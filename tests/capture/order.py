"""Rows 1 to 7: order and tags, with a writer that numbers its lines under one lock, and with real programs."""
import os
import pathlib
import signal
import subprocess
import time

from harness import have

COUNT = 20000  # lines of a real program
FULL_SPEED = 0.05  # share of displaced lines that a program without a pause may have

# A program's first write decides that its pipe goes to packets; what it writes in the moment until then is told apart
# by lines only. `lead` writes that line first, the cold rows do not.
# name, the writer's words, displaced share allowed. The rate decides how long a row takes.
PACED = [
    ("1,000/s, bursts of 2, alternating", "rate 1000 burst 2 lead 1", 0),
    ("1,000/s, bursts of 10, alternating", "rate 1000 burst 10 lead 1", 0),
    ("10,000/s, bursts of 10, 20 % stderr", "rate 10000 burst 10 err 20 lead 1", 0),
    ("10,000/s, bursts of 100, 20 % stderr", "rate 10000 burst 100 err 20 lead 1", 0),
    ("50,000/s, bursts of 50", "rate 50000 burst 50 lead 1", 0),
    # 500 lines a stream back to back fill a pipe of 256 packets when the wrapper does not run at once.
    ("100,000/s, bursts of 1000", "rate 100000 burst 1000 lead 1", 0.01),
    ("100,000/s, 4 threads, bursts of 100", "rate 100000 burst 100 threads 4 lead 1", 0.01),
    ("50,000/s, bursts of 50, cold start", "rate 50000 burst 50", 5e-3),
]
SHAPES = [
    ("1-10 lines a write", "rate 10000 burst 30 group 1-10 lead 1", 0),
    ("3 writes a line", "rate 10000 burst 20 pieces 3 lead 1", 0),
    ("1-10 lines a write, cold start", "rate 10000 burst 30 group 1-10", 2e-3),
    ("3 writes a line, cold start", "rate 10000 burst 20 pieces 3", 2e-3),
    ("4096-byte lines", "rate 2000 burst 10 size 4096", 0),
    ("8192-byte lines", "rate 2000 burst 10 size 8192", 0),
    ("4-60 KB lines", "rate 500 burst 4 size 4000-60000", 0),
]
SATURATED = [
    ("saturated, 1 thread", "", 200000, 0.01),
    ("saturated, 4 threads (recorded)", "threads 4", 200000, None),
    ("saturated, 4 processes (recorded)", "processes 4", 200000, None),
    ("saturated, 5-14 KB lines (recorded)", "size 5000-14000", 20000, None),
]


def numbered(table, name, make, words, lines, allowed, before=(), flags=(), **options):
    def run():
        box = make()
        box.run([box.writer, "lines", lines, *words.split()], *flags, before=before, **options)
        return box.judge(lines)

    table.measure(name, run, allowed)


def loads(table, make, seconds):
    for title, words, allowed in PACED + SHAPES:
        rate = int(words.split()[1])
        for cpu, before in (("", ()), (", 1 CPU", ("taskset", "-c", "0"))):
            numbered(table, title + cpu, make, words, int(rate * seconds), allowed, before)
    for title, words, lines, allowed in SATURATED:
        numbered(table, title, make, words, int(lines * max(1, seconds / 2)), allowed)
    numbered(table, "--order=datagram, saturated", make, "", 100000, 0, flags=("--order=datagram",))
    numbered(table, "--order=none, saturated (recorded)", make, "", 100000, None, flags=("--order=none",))


def quota(table, make, lines):
    """A cgroup with a tenth of a core for program and wrapper."""
    name = "10 % CPU quota"
    group = pathlib.Path("/sys/fs/cgroup/capture.%d" % os.getpid())
    try:
        group.mkdir()
        (group / "cpu.max").write_text("10000 100000")
    except OSError as why:
        if group.exists():
            group.rmdir()
        return table.skip(name, "no cgroup of one's own: %s" % why.strerror)
    try:
        enter = ("sh", "-c", 'echo $$ > %s/cgroup.procs && exec "$@"' % group, "sh")
        for words in ("rate 1000 burst 10 lead 1", "rate 2000 burst 100 err 20 lead 1"):
            numbered(table, "%s, %s" % (name, words), make, words, lines, 1e-4, enter, timeout=300)
    finally:
        (group / "cpu.max").write_text("max")  # what is still ending gets on with it
        end = time.monotonic() + 10
        while group.exists() and time.monotonic() < end:
            try:
                group.rmdir()
            except OSError:
                time.sleep(0.05)


def stopped(table, make):
    name, lines = "the wrapper stopped for 2 s", 20000
    box = make()
    process = box.start([box.writer, "lines", lines, "rate", "5000", "burst", "10"])
    time.sleep(0.5)
    process.send_signal(signal.SIGSTOP)
    time.sleep(2)
    process.send_signal(signal.SIGCONT)
    process.wait()
    table.add(name, box.judge(lines), 1e-4)


PROGRAMS = {
    "bash": ("bash", 'for ((i=0;i<%d;i+=2)); do printf "%%09d out\\n" $i; printf "%%09d err\\n" $((i+1)) >&2; done'),
    "bash, >/dev/stderr": ("bash", 'for ((i=0;i<%d;i+=2)); do printf "%%09d out\\n" $i; printf "%%09d err\\n" $((i+1)) >/dev/stderr; done'),
    "bash, /proc/self/fd/1 appended": ("bash", 'exec 5>>/proc/self/fd/1; for ((i=0;i<%d;i+=2)); do printf "%%09d out\\n" $i >&5; printf "%%09d err\\n" $((i+1)) >&2; done'),
    "dash": ("dash", 'i=0; while [ $i -lt %d ]; do printf "%%09d out\\n" $i; printf "%%09d err\\n" $((i+1)) >&2; i=$((i+2)); done'),
    "Perl, unbuffered": ("perl", '$|=1; for ($i=0;$i<%d;$i+=2) { printf "%%09d out\\n",$i; printf STDERR "%%09d err\\n",$i+1; }'),
    "Python, print": ("python3", 'import sys\nfor i in range(0,%d,2):\n print("%%09d out"%%i,flush=True)\n print("%%09d err"%%(i+1),file=sys.stderr,flush=True)'),
    "Python, logging": ("python3", 'import logging,sys\nfor n,s in (("o",sys.stdout),("e",sys.stderr)):\n h=logging.StreamHandler(s); l=logging.getLogger(n); l.addHandler(h); l.setLevel(20); l.propagate=False\nfor i in range(0,%d,2):\n logging.getLogger("o").info("%%09d out"%%i)\n logging.getLogger("e").info("%%09d err"%%(i+1))'),
    "Node, console": ("node", 'for (let i=0;i<%d;i+=2) { console.log(String(i).padStart(9,"0")+" out"); console.error(String(i+1).padStart(9,"0")+" err"); }'),
    "Node, process.exit with 50,000 lines": ("node", 'for (let i=0;i<50000;i++) console.log(String(i).padStart(9,"0")+" out "+"x".repeat(70)); process.exit(0)/*%d*/'),
}
FLAG = {"perl": "-e", "node": "-e"}

JAVA = """
public class Numbers {
  static int next = 0;
  static synchronized boolean turn() {
    if (next >= %d) return false;
    int n = next++;
    (n %% 2 == 0 ? System.out : System.err).println(String.format("%%09d %%s", n, n %% 2 == 0 ? "out" : "err"));
    return true;
  }
  public static void main(String[] args) throws Exception {
    Thread[] all = new Thread[Integer.parseInt(args[0])];
    for (int i = 0; i < all.length; i++) { all[i] = new Thread(() -> { while (turn()); }); all[i].start(); }
    for (Thread one : all) one.join();
  }
}
"""

CPP = """
#include <cstdio>
#include <iostream>
#include <iomanip>
int main(int argc, char**) {
  if (argc > 1) setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);
  for (int i = 0; i < %d; i += 2) {
    if (argc > 1) {
      std::printf("%%09d out\\n", i);
      std::fprintf(stderr, "%%09d err\\n", i + 1);
    } else {
      std::cout << std::setfill('0') << std::setw(9) << i << " out" << std::endl;
      std::cerr << std::setfill('0') << std::setw(9) << i + 1 << " err" << std::endl;
    }
  }
}
"""


def programs(table, make, runs):
    """At full speed, and on a busy machine a pipe fills up: then lines change places with their neighbours. So the short form
    only records how many; nothing lost, doubled or wrongly tagged holds in both."""
    allowed = FULL_SPEED if runs > 1 else None
    for name, (program, text) in PROGRAMS.items():
        if not have(program):
            table.skip(name, program + " is not installed")
            continue
        count = 50000 if "50,000" in name else COUNT
        if "process.exit" in name:
            node_exit(table, name, make, [program, "-e", text % count], count)
            continue
        for _ in range(runs):
            numbered_program(table, name, make, [program, FLAG.get(program, "-c"), text % count], count, allowed)
    build = make(keep=True)
    if have("javac") or have("java"):
        source = build.root / "Numbers.java"
        source.write_text(JAVA % COUNT)
        for threads in (1, 4):
            for _ in range(runs):
                numbered_program(table, "Java, %d threads" % threads, make, ["java", source, threads], COUNT, allowed)
    else:
        table.skip("Java", "not installed")
    compiler = next((c for c in ("g++", "clang++-16") if have(c)), None)
    if compiler:
        (build.root / "p.cc").write_text(CPP % COUNT)
        subprocess.run([compiler, "-O1", "-o", build.root / "p", build.root / "p.cc"], check=True)
        for _ in range(runs):
            numbered_program(table, "C++, endl (several writes a line)", make, [build.root / "p"], COUNT, allowed)
            numbered_program(table, "C, line-buffered (recorded)", make, [build.root / "p", "line"], COUNT, None)
    else:
        table.skip("C and C++", "no compiler")


def node_exit(table, name, make, command, count):
    """process.exit() throws away what does not fit into the pipe at that moment, with any reader: a busy machine gets three
    tries to read fast enough. What was written must be there without a hole."""
    for attempt in range(3):
        box = make()
        box.run(command)
        row = box.judge(count)
        numbers = [int(text[:9]) for _, text, _ in box.records() if text[9:13] == b" out"]
        if numbers != list(range(len(numbers))):
            return table.add(name, row)
        if not row.lost:
            return table.add(name, row)
    table.add(name + ", thrown away by Node", row._replace(lost=0, note="%d lines" % row.lost))


def numbered_program(table, name, make, command, count, allowed):
    def run():
        box = make()
        box.run(command)
        return box.judge(count)

    table.measure(name, run, allowed)


def meddling(table, make):
    """Programs that change what the pipes are, and systems that refuse."""
    numbered(table, "the program clears O_DIRECT", make, "rate 10000 burst 20 flags clear", 20000, 1e-3)
    numbered(table, "the program flips O_NONBLOCK", make, "rate 10000 burst 20 flags flip", 20000, 1e-3)
    limit = ("bash", "-c", 'ulimit -i 5; exec "$@"', "sh")
    numbered(table, "5 pending signals (recorded)", make, "rate 10000 burst 20", 10000, None, limit)
    none = ("bash", "-c", 'ulimit -i 0; exec "$@"', "sh")
    numbered(table, "the self-test fails (recorded)", make, "rate 10000 burst 20", 10000, None, none)
    if os.getuid() == 0 and have("setpriv"):
        another_uid(table, make)
    else:
        table.skip("another uid", "needs root and setpriv")


def another_uid(table, make):
    """Binaries where another uid may read them, and that uid's own boxes."""
    small = ("setpriv", "--reuid=54321", "--regid=54321", "--clear-groups")
    home = make(keep=True)
    os.chmod(home.root, 0o777)
    binary, writer = home.root / "exec", home.root / "writer"
    for source, target in ((home.exec.split()[0], binary), (home.writer, writer)):
        target.write_bytes(pathlib.Path(source).read_bytes())
        target.chmod(0o755)

    def theirs():
        box = make()
        os.chmod(box.root, 0o777)
        box.exec, box.writer = " ".join([str(binary), *box.exec.split()[1:]]), str(writer)
        return box

    hog = subprocess.Popen([*small, "python3", "-c", HOG], stdout=subprocess.PIPE, stdin=subprocess.PIPE)
    hog.stdout.readline()
    numbered(table, "F_SETPIPE_SZ refused: pipes of 8 KiB", theirs, "rate 1000 burst 10", 3000, 1e-3, small)
    hog.communicate(b"\n")

    def readable():
        box = make()
        os.chmod(box.root, 0o755)
        return box

    text = 'for i in $(seq 0 2 199); do printf "%09d out\\n" $i > /dev/stdout; printf "%09d err\\n" $((i+1)) >> /dev/stderr; done'
    # About the right to open them; a shell at full speed is displaced here as in the rows of programs.
    numbered_program(table, "/dev/stdout opened after setuid (order recorded)", readable, [*small, "bash", "-c", text], 200, None)


# 16,384 pages of pipes are what a uid may have.
HOG = """
import fcntl, os
pipes = []
try:
    while len(pipes) < 100:
        pipes.append(os.pipe())
        fcntl.fcntl(pipes[-1][0], 1031, 1 << 20)
except OSError:
    pass
print("full", flush=True)
input()
"""
