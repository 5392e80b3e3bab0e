#!/usr/bin/env python3
"""Chaos with numbers: a backend, a disk and gleaner itself in every trouble there is, drawn from a seed; every item that was
sent or written is followed to its end. scenario.py has what is played and checked, faults.py what needs a stage of its own.

    chaos/run.py GLEANER                      eight scenarios and the faults, within a minute or two
    chaos/run.py GLEANER --long [--minutes N] new seeds for so long (10): ./dev soak chaos
    chaos/run.py GLEANER --seed N             one of them again"""
import argparse
import concurrent.futures
import pathlib
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
SHORT = (3, 5, 6, 7, 8, 12, 49, 133)  # between them every trouble
SECONDS, LONG_SECONDS = 8, 20


def main():
    words = argparse.ArgumentParser()
    words.add_argument("gleaner")
    words.add_argument("--long", action="store_true")
    words.add_argument("--minutes", type=float, default=10)
    words.add_argument("--seed", type=int, action="append")
    words.add_argument("--seconds", type=float)
    words.add_argument("--jobs", type=int, default=3)
    asked = words.parse_args()
    seconds = asked.seconds or (LONG_SECONDS if asked.long else SECONDS)

    def one(seed):
        return subprocess.run([sys.executable, HERE / "scenario.py", asked.gleaner, str(seed), str(seconds)]).returncode == 0

    def faults():
        return subprocess.run([sys.executable, HERE / "faults.py", asked.gleaner]).returncode == 0

    first = int(time.time()) % 1_000_000 * 100
    end = time.monotonic() + asked.minutes * 60
    seeds = iter(asked.seed or SHORT) if not asked.long else iter(range(first, first + 1_000_000))
    results, running, over = [], set(), False
    with concurrent.futures.ThreadPoolExecutor(asked.jobs) as pool:
        if not asked.seed:
            running.add(pool.submit(faults))
        while running or not over:
            while not over and len(running) < asked.jobs:
                seed = next(seeds, None)
                over = seed is None or (asked.long and time.monotonic() > end)
                if not over:
                    running.add(pool.submit(one, seed))
            finished, running = concurrent.futures.wait(running, return_when=concurrent.futures.FIRST_COMPLETED)
            results += [one.result() for one in finished]
    print("chaos: %d played, %d wrong" % (len(results), results.count(False)), flush=True)
    sys.exit(0 if all(results) else 1)


main()
