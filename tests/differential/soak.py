#!/usr/bin/env python3
"""Random chains of operators over random lines through gleaner and the real collector: what comes out must be equal.

    soak.py --peer COLLECTOR [--gleaner BIN] [--seed N] [--chains N] [--batch N] [--keep DIR] [--no-shrink]

Chain i of a run has the seed N + i, so `--seed (N + i) --chains 1` is that chain alone. Differences are made small and written
to --keep as cases of the corpus (README.md). Exit status 1 if there were any.
"""
import argparse
import concurrent.futures
import pathlib
import random
import sys
import time

sys.dont_write_bytecode = True
import batch
import cases
import chains
import shrink

ZONES = ["UTC", "America/New_York", "Asia/Kolkata", "Europe/Berlin"]


def both(args, made, zone, **waits):
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        ours, theirs = (pool.submit(batch.run, binary, made, zone, **waits) for binary in (args.gleaner, args.peer))
        return list(zip(ours.result(), theirs.result()))


def confirmed(args, made, pairs, zone):
    """The pairs, those that differ as they are when run once more: a slow machine is no difference."""
    pairs = list(pairs)
    suspects = [n for n, pair in enumerate(pairs) if cases.differ(*pair)]
    if suspects:
        for n, pair in zip(suspects, both(args, [made[n] for n in suspects], zone, least=4, still=2)):
            pairs[n] = pair
    return pairs


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer", required=True)
    parser.add_argument("--gleaner", default="build/release/gleaner")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6) * 1000)
    parser.add_argument("--chains", type=int, default=1000)
    parser.add_argument("--batch", type=int, default=60)
    parser.add_argument("--keep", default="differences")
    parser.add_argument("--no-shrink", action="store_true")
    parser.add_argument("-v", action="store_true", help="say what both refuse, too")
    args = parser.parse_args()
    args.gleaner, args.peer = (str(pathlib.Path(p).resolve()) for p in (args.gleaner, args.peer))
    print("seed %d, %d chains" % (args.seed, args.chains), flush=True)
    begun, differences, refused = time.monotonic(), 0, 0
    for first in range(args.seed, args.seed + args.chains, args.batch):
        seeds = range(first, min(first + args.batch, args.seed + args.chains))
        made = [chains.chain(seed) for seed in seeds]
        zone = ZONES[first // max(args.batch, 1) % len(ZONES)]
        pairs = confirmed(args, made, both(args, made, zone), zone)
        refused += sum(ours[0] is None and theirs[0] is None for ours, theirs in pairs)
        for seed, chain, (ours, theirs) in zip(seeds, made, pairs):
            if args.v and ours[0] is None and theirs[0] is None:
                print("REFUSED seed %d: %s" % (seed, theirs[1][:400]), flush=True)
            if not cases.differ(ours, theirs):
                continue
            differences += 1
            if not args.no_shrink:
                small = shrink.shrink(chain, ours, theirs, lambda tried: both(args, tried, zone))
                again = confirmed(args, [small[0]], [small[1:]], zone)[0]
                if cases.differ(*again):
                    chain, (ours, theirs) = small[0], again
            print("DIFFERENT seed %d: %s" % (seed, cases.explain(chain, ours, theirs)), flush=True)
            cases.save(pathlib.Path(args.keep) / ("%d.json" % seed), chain, zone, theirs, "found by seed %d" % seed)
    print("%d chains in %d s: %d different, %d refused by both" % (args.chains, time.monotonic() - begun, differences, refused))
    sys.exit(1 if differences else 0)


if __name__ == "__main__":
    main()
