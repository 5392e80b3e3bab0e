#!/usr/bin/env python3
"""The corpus: chains on which gleaner once differed from the real collector, with what that one made of them.

    check.py GLEANER [CASE ...]
"""
import collections
import difflib
import pathlib
import sys

sys.dont_write_bytecode = True
import batch
import cases


def main():
    binary = str(pathlib.Path(sys.argv[1]).resolve())
    paths = [pathlib.Path(p) for p in sys.argv[2:]] or sorted((pathlib.Path(__file__).resolve().parent / "corpus").glob("*.json"))
    zones = collections.defaultdict(list)
    for path in paths:
        chain, zone, expected = cases.load(path)
        zones[zone].append((path.stem, chain, expected))
    failed = 0
    for zone, group in sorted(zones.items()):
        results = batch.run(binary, [chain for _, chain, _ in group], zone, least=0.5, still=0.5)
        for (name, _, expected), (got, words) in zip(group, results):
            if got == expected and not words.startswith("crash"):
                continue
            failed += 1
            diff = difflib.unified_diff((expected or "refused").split("\n"), (got or "refused: " + words).split("\n"), "expected", "got", lineterm="", n=0)
            print("FAIL %s\n%s" % (name, "\n".join(line[:600] for line in list(diff)[:12])))
    print("differential corpus: %d chains, %d failed" % (len(paths), failed))
    sys.exit(1 if failed or not paths else 0)


if __name__ == "__main__":
    main()
