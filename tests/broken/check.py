#!/usr/bin/env python3
"""Broken configurations and what gleaner must say of them.

NAME.yaml is what a user wrote; NAME.expected has one line for every problem, no more and no fewer:
    LINE:COLUMN words | more words
The message must begin with NAME.yaml:LINE:COLUMN (or NAME.yaml alone for "-") and contain each of the words.
Exit code 1, nothing on stdout, `Error: ` in front."""
import os
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent


def problems(binary, name):
    done = subprocess.run([binary, "validate", "--config=" + name], capture_output=True, text=True, cwd=HERE,
                          env=dict(os.environ, BROKEN_WORD="many"), timeout=20)
    assert done.returncode == 1, "%s: exit code %d\n%s" % (name, done.returncode, done.stderr)
    assert done.stdout == "" and re.search(r"^Error: ", done.stderr, re.M), "%s: %s" % (name, done.stderr)
    # The source line that is shown under a syntax error, warnings and the count are no problems of their own.
    lines = [line for line in done.stderr.splitlines() if not re.match(r"    \d+ \||warning: ", line)]
    lines[0] = re.sub(r"^Error: (failed to get config: cannot resolve the configuration: |invalid configuration: )", "",
                      lines[0])
    if re.fullmatch(r"\d+ problems?", lines[0]):
        assert int(lines[0].split()[0]) == len(lines) - 1, "%s: the count is wrong\n%s" % (name, done.stderr)
        lines.pop(0)
    return lines


def main():
    binary = str(pathlib.Path(sys.argv[1]).resolve())
    cases = sorted(HERE.glob("*.yaml"))
    failures = []
    for case in cases:
        wanted = (HERE / (case.stem + ".expected")).read_text().splitlines()
        got = problems(binary, case.name)
        if len(got) != len(wanted):
            failures.append("%s: %d problems instead of %d\n%s" % (case.name, len(got), len(wanted), "\n".join(got)))
            continue
        for line, want in zip(got, wanted):
            place, _, words = want.partition(" ")
            start = case.name + ": " if place == "-" else "%s:%s: " % (case.name, place)
            if not line.startswith(start) or not all(word.strip() in line for word in words.split(" | ")):
                failures.append("got    %s\nwanted %s%s" % (line, start, words))
    print("\n".join(failures) or "broken: %d configurations, each problem at its place" % len(cases))
    sys.exit(1 if failures else 0)


main()
