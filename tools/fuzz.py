#!/usr/bin/env python3
"""Runs the fuzz targets in build/fuzz/fuzz.

    fuzz.py [TARGET] [SECONDS]   one target (or all of them in turn) over its seeds and on from there
    fuzz.py --smoke SECONDS      all of them, two at a time, SECONDS each beyond the seeds: part of ./dev test
    fuzz.py --soak [MINUTES]     all of them, in turn, MINUTES each (60), and then the seeds get what was found: ./dev soak fuzz

What is found new goes to build/fuzz/corpus/TARGET and is used again; an input that breaks a property is left in
build/fuzz/found/ and is to become a seed with the fix. A soak puts those inputs into fuzz/seeds that reach code no seed
reaches: few, and small ones first, for every seed is run by every ./dev test."""
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "fuzz"
SUFFIX = "_fuzz"
SEED_SIZE, NEW_SEEDS = 2048, 40  # bytes; of a target in one soak


def targets():
    return sorted(p.stem[: -len(SUFFIX)] for p in (ROOT / "fuzz").glob("*%s.cc" % SUFFIX))


def run(name, seconds, smoke):
    """@return (ok, what to print)"""
    seeds = ROOT / "fuzz" / "seeds" / name
    if not seeds.is_dir() or not any(seeds.iterdir()):
        return False, "%s: no seeds in %s" % (name, seeds.relative_to(ROOT))
    corpus, found = BUILD / "corpus" / name, BUILD / "found"
    for folder in (corpus, found):
        folder.mkdir(parents=True, exist_ok=True)
    program = str(BUILD / "fuzz" / (name + SUFFIX))
    prefix = "-artifact_prefix=%s/%s-" % (found, name)
    # Every seed runs first, in a run of its own: -max_total_time would stop before the last one if seeds were slow.
    steps = [[program, "-runs=0", prefix, str(seeds)],
             [program, "-max_total_time=%d" % seconds, "-timeout=10", "-rss_limit_mb=1024", prefix, str(corpus), str(seeds)]]
    runs = "0"
    for step in steps:
        done = subprocess.run(step, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, errors="replace",
                              env={**os.environ, "TZ": "UTC"})
        runs = (re.findall(r"Done (\d+) runs", done.stdout) or [runs])[-1]
        if done.returncode != 0:
            return False, "%s: failed\n%s" % (name, done.stdout if not smoke else "\n".join(done.stdout.splitlines()[-60:]))
    return True, "fuzz %s: %s runs in %d s" % (name, runs, seconds)


def keep(name):
    """Puts what reaches new code among the seeds. @return what to print"""
    seeds, corpus = ROOT / "fuzz" / "seeds" / name, BUILD / "corpus" / name
    small, before = BUILD / "small" / name, {one.name for one in seeds.iterdir()}
    shutil.rmtree(small, ignore_errors=True)
    small.mkdir(parents=True)
    for one in corpus.iterdir():
        if one.stat().st_size <= SEED_SIZE:
            os.link(one, small / one.name)
    # Code that is reached counts, not how often: -use_counters=0.
    done = subprocess.run([str(BUILD / "fuzz" / (name + SUFFIX)), "-set_cover_merge=1", "-use_counters=0", "-timeout=10", str(seeds), str(small)],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, errors="replace", env={**os.environ, "TZ": "UTC"})
    shutil.rmtree(small)
    new = sorted((one for one in seeds.iterdir() if one.name not in before), key=lambda one: one.stat().st_size)
    for one in new[NEW_SEEDS:]:
        one.unlink()
    edges = re.findall(r"(\d+) new coverage edges", done.stdout)
    return "%s new seeds, %s more edges" % (len(new[:NEW_SEEDS]), edges[-1] if edges and new else "no")


def main():
    arguments = sys.argv[1:]
    smoke, soak = arguments[:1] == ["--smoke"], arguments[:1] == ["--soak"]
    names = targets()
    if soak:
        seconds = int(float((arguments + ["60"])[1]) * 60)
        wrong = 0
        for name in names:
            good, text = run(name, seconds, smoke=True)
            wrong += not good
            print(text + ("; " + keep(name) if good else ""), flush=True)
        sys.exit(1 if wrong else 0)
    if smoke:
        seconds = int(arguments[1])
    else:
        if arguments and not arguments[0].isdigit():
            if arguments[0] not in names:
                raise SystemExit("no target %r; there are: %s" % (arguments[0], ", ".join(names)))
            names = [arguments.pop(0)]
        seconds = int(arguments[0]) if arguments else 60
    bad = 0
    with concurrent.futures.ThreadPoolExecutor(2 if smoke else 1) as pool:
        for good, text in pool.map(lambda name: run(name, seconds, smoke), names):
            print(text, flush=True)
            bad += not good
    sys.exit(1 if bad else 0)


main()
