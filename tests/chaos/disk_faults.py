"""A disk that fails under the static binary: strace makes its system calls fail or wait, and what it saw tells which bytes a loss
of power would take."""
import os
import pathlib
import re
import shutil
import subprocess
import time

# What a disk may do to whoever keeps things on it. `when=A+B`: the Ath call of a thread and every Bth from then on.
FAULTS = {
    "syncs fail": ["fdatasync,fsync:error=EIO:when=3+7"],
    "syncs are slow": ["fdatasync,fsync:delay_enter=120000:when=2+3"],  # us
    "writes fail": ["pwrite64:error=EIO:when=4+9"],
    "no room": ["pwrite64:error=ENOSPC:when=5+6", "?rename,?renameat,?renameat2:error=ENOSPC:when=1+2"],
}
CALLS = "pwrite64,fdatasync,fsync,ftruncate,?rename,?renameat,?renameat2,?unlink,?unlinkat,?open,openat"
CALL = re.compile(r"(\d+) +(\w+)\((.*)$")
RESUMED = re.compile(r"(\d+) +<\.\.\. (\w+) resumed>(.*)$")
PAGE = 4096


def missing():
    """@return why it cannot be had here, or None"""
    if not shutil.which("strace"):
        return "there is no strace"
    # What is needed, tried out: a tracer that is nobody's parent, and a call that fails though nothing is wrong.
    tried = subprocess.run(["strace", "-D", "-f", "--seccomp-bpf", "-qq", "-o", "/dev/null", "-e", "trace=fsync", "-e", "inject=fsync:error=EIO", "python3", "-c",
                            "import os,sys\ntry: os.fsync(os.open('/', 0))\nexcept OSError as e: sys.exit(e.errno)"], capture_output=True)
    return None if tried.returncode == 5 else "strace cannot trace here"


def prefix(faults, log):
    """The words in front of a command. Its process stays the caller's child: strace is a grandchild (-D)."""
    words = ["strace", "-D", "-f", "--seccomp-bpf", "-qq", "-y", "-s", "0", "-o", str(log), "-e", "signal=none", "-e", "trace=" + CALLS]
    for fault in faults:
        for rule in FAULTS[fault]:
            words += ["-e", "inject=" + rule]
    return words


class Platter:
    """What is on the disk for certain, over several runs."""

    def __init__(self, log):
        self.log = log
        self.size, self.durable = {}, {}  # bytes of a file: written, and synced
        self.named = set()                # files whose names are on the disk too
        self.cuts = 0

    def ended(self):
        """Reads what the tracer of a run that ended has written. It may still be at it."""
        size = -1
        while not self.log.exists() or size != self.log.stat().st_size:
            size = self.log.stat().st_size if self.log.exists() else -1
            time.sleep(0.1)
        begun = {}  # thread -> (call, its arguments, what was written when it began)
        for line in self.log.read_text(errors="replace").splitlines():
            if match := RESUMED.match(line):
                thread, call, rest = match.groups()
                before = begun.pop(thread, None)
                if before and before[0] == call:
                    self.call(call, before[1] + rest, before[2])
            elif match := CALL.match(line):
                thread, call, rest = match.groups()
                written = dict(self.size) if call in ("fdatasync", "fsync") else None
                if rest.endswith("<unfinished ...>"):
                    begun[thread] = (call, rest[:-len("<unfinished ...>")].rstrip(), written)
                else:
                    self.call(call, rest, written)
        self.log.unlink()

    def call(self, call, text, written):
        good = re.search(r"\) += (\d+)(?:<[^>]*>)?(?: \(DELAYED\))?$", text)
        paths = re.findall(r"\d+<([^>]*)>", text)
        names = [one for one in re.findall(r'"([^"]*)"', text) if one]
        if not good:
            return
        if call == "pwrite64" and paths:
            at = int(re.search(r", (\d+)\) +=", text)[1])
            self.size[paths[0]] = max(self.size.get(paths[0], 0), at + int(good[1]))
        elif call == "ftruncate" and paths:
            to = int(re.search(r", (\d+)\) +=", text)[1])
            for sizes in (self.size, self.durable):
                sizes[paths[0]] = min(sizes.get(paths[0], 0), to)
        elif call in ("fdatasync", "fsync") and paths:
            if paths[0] in written:
                self.durable[paths[0]] = max(self.durable.get(paths[0], 0), written[paths[0]])
            self.named |= {one for one in written if os.path.dirname(one) == paths[0].rstrip("/")}
        elif call.startswith("rename") and len(names) == 2:
            for sizes in (self.size, self.durable):
                sizes[names[1]] = sizes.pop(names[0], 0)
            self.named.add(names[1])  # one of the two is there, and the old one is nobody's to restore
        elif call.startswith("unlink") and names:
            self.size.pop(names[0], None), self.durable.pop(names[0], None)
        elif call.startswith("open") and "O_CREAT" in text and names:
            self.size.setdefault(names[0], 0)

    def cut(self, chance):
        """Power is lost: of what was not synced any page may be missing, and the end, and the file. @return files changed"""
        changed = 0
        for path, size in list(self.size.items()):
            file, safe = pathlib.Path(path), self.durable.get(path, 0)
            if not file.exists() or size <= safe:
                continue
            changed += 1
            if path.endswith(".segment") and path not in self.named and safe == 0 and chance.random() < 0.3:
                file.unlink()
                self.size.pop(path)
                continue
            with open(file, "r+b") as out:
                for page in range(safe - safe % PAGE, size, PAGE):
                    if chance.random() < 0.3:
                        begin, end = max(page, safe), min(page + PAGE, size)
                        out.seek(begin)
                        out.write(b"\0" * (end - begin))
                if chance.random() < 0.5:
                    out.truncate(chance.randint(safe, size))
            self.size[path] = self.durable[path] = file.stat().st_size
        self.cuts += changed > 0
        return changed
