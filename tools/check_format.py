#!/usr/bin/env python3
"""clang-format over all committed sources; says which files `./dev fmt` would change."""
import pathlib
import subprocess
import sys

import tidy

ROOT = pathlib.Path(__file__).resolve().parent.parent


def main():
    sources = [f for f in tidy.git("ls-files", "*.cc", "*.h") if (ROOT / f).exists()]
    done = subprocess.run(["clang-format-16", "--dry-run", *sources], cwd=ROOT, capture_output=True, text=True)
    wrong = {line.split(":")[0] for line in done.stderr.splitlines() if "-Wclang-format-violations" in line}
    for name in sorted(wrong):
        print("format: %s: run ./dev fmt" % name)
    print("format: %d files looked at, %d not in the format" % (len(sources), len(wrong)))
    sys.exit(1 if wrong or done.returncode else 0)


if __name__ == "__main__":
    main()
