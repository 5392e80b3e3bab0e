"""Makes a differing chain small: tries many smaller ones in one run and keeps what still differs."""
import copy

import cases

#: Without these an operator is refused, which tells nothing.
REQUIRED = {"type", "id", "regex", "field", "layout", "from", "to", "fields", "value", "header", "protocol", "combine_field", "keys", "expr",
            "is_first_entry", "is_last_entry", "replace_with", "routes", "source_identifier", "force_flush_period"}


def without(chain, paths):
    """The chain without the parts at `paths`, lists of keys and indexes below it."""
    made = copy.deepcopy({k: v for k, v in chain.items() if k != "input"})
    made["input"] = chain["input"]
    # From the back, so that indexes stay right.
    for path in sorted(paths, key=lambda p: [str(s).zfill(6) for s in p], reverse=True):
        node = made
        for step in path[:-1]:
            node = node[step]
        del node[path[-1]]
    return made


def parts(chain):
    """Paths of what may be left out: whole operators, or keys of operators and receivers; never one inside another."""
    operators = chain["operators"]
    yield from ([["operators", i]] for i in range(len(operators)))
    for i, op in enumerate(operators):
        yield from ([["operators", i, key]] for key in op if key not in REQUIRED and not (key == "parse_from" and "layout" in op))
        for key, value in op.items():
            if isinstance(value, list) and len(value) > 1 and key != "keys":
                yield from ([["operators", i, key, n]] for n in range(len(value)))
    yield from ([["receiver", key]] for key in chain["receiver"])


def texts(text):
    """Shorter inputs: single lines and pairs of lines, halves, then pieces of a line."""
    lines = text.split(b"\n")
    if len(lines) > 2:
        half = len(lines) // 2
        yield from (line + b"\n" for line in lines if line)
        yield from (b"\n".join(lines[i:i + 2]) + b"\n" for i in range(len(lines) - 2))
        yield b"\n".join(lines[:half]) + b"\n"
        yield b"\n".join(lines[half:])
        return
    line = text.rstrip(b"\n")
    step = max(1, len(line) // 12)
    yield from (line[:i] + line[i + step:] + b"\n" for i in range(0, len(line), step))


def shrink(chain, ours, theirs, both, rounds=10):
    """both: runs chains, gives pairs of results. @return the smallest chain found, with its results"""
    refused = theirs[0] is None, ours[0] is None

    def same(pair):
        # A refusal must stay the same refusal.
        return cases.differ(*pair) and (pair[1][0] is None, pair[0][0] is None) == refused

    def attempt(tried):
        pairs = both(tried)
        return [same(pair) for pair in pairs], pairs

    for _ in range(rounds):
        changed = False
        tried = [{**chain, "input": text} for text in texts(chain["input"])]
        paths = [p for (p,) in parts(chain)]
        found, pairs = attempt(tried + [without(chain, [p]) for p in paths])
        shorter = [i for i in range(len(tried)) if found[i]]
        smaller = [p for p, good in zip(paths, found[len(tried):]) if good]
        if shorter:
            best = min(shorter, key=lambda i: len(tried[i]["input"]))
            chain, (ours, theirs), changed = tried[best], pairs[best], True
        if smaller:
            # What can go alone can often go together: everything, halves, one.
            whole = [p for p in smaller if len(p) == 2]
            keys = [p for p in smaller if len(p) > 2 and p[:2] not in whole]
            sets = [s for s in (whole + keys, whole, whole[:len(whole) // 2], whole[len(whole) // 2:], keys, *([p] for p in smaller)) if s]
            good, results = attempt([without(chain, s) for s in sets])
            for s, works, result in zip(sets, good, results):
                if works:
                    chain, (ours, theirs), changed = without(chain, s), result, True
                    break
        if not changed:
            break
    return chain, ours, theirs
