#!/usr/bin/env python3
"""gleaner exec by real programs: run.py EXEC WRITER [--long] [PART...]. EXEC may have words: "build/release/gleaner exec".
Each row prints what was lost, doubled, displaced (behind a line written later) and given the wrong stream."""
import sys

import budget
import disk
import order
import process
import volume
from harness import Box, Table, main_guard


def main():
    words = [w for w in sys.argv[1:] if w != "--long"]
    long = "--long" in sys.argv
    binary, writer, parts = words[0], words[1], words[2:]
    table, boxes = Table(long), []

    def make(keep=False):
        for box in [b for b in boxes if not b.keep]:  # the files of the row before
            boxes.remove(box)
            box.close()
        boxes.append(Box(binary, writer, keep))
        return boxes[-1]

    seconds = 20 if long else 1
    all_parts = {
        "loads": lambda: order.loads(table, make, seconds),
        "quota": lambda: (order.quota(table, make, 20000 if long else 2000), order.stopped(table, make)),
        "programs": lambda: order.programs(table, make, 5 if long else 1),
        "meddling": lambda: order.meddling(table, make),
        "volume": lambda: volume.rows(table, make, binary),
        "process": lambda: process.rows(table, make),
        "disk": lambda: disk.rows(table, make, long),
        "budget": lambda: budget.rows(table, make, long),
    }
    for name, part in all_parts.items():
        if not parts or name in parts:
            part()
    for box in boxes:
        box.close()
    main_guard(table)


main()
