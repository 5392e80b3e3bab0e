"""A case of the corpus as a file, and what counts as a difference."""
import difflib
import json


def kind(result):
    """What happened, where the wording does not count."""
    return result[0] if result[0] is not None else ("crash" if result[1].startswith("crash") else "refused")


def differ(ours, theirs):
    """A crash of the real collector obliges nobody; one of ours is always wrong."""
    return kind(ours) == "crash" or kind(theirs) != "crash" and kind(ours) != kind(theirs)


def explain(chain, ours, theirs):
    text = json.dumps({"receiver": chain["receiver"], "operators": chain["operators"]}, ensure_ascii=False)
    text += "\n  input %r" % chain["input"][:2000]
    for name, result in (("gleaner", ours), ("peer", theirs)):
        if result[0] is None:
            text += "\n  %s: %s" % (name, result[1][:1200])
    if ours[0] is not None and theirs[0] is not None:
        diff = difflib.unified_diff(theirs[0].split("\n"), ours[0].split("\n"), "peer", "gleaner", lineterm="", n=0)
        text += "\n" + "\n".join("  " + line[:900] for line in list(diff)[:14])
    return text


def save(path, chain, zone, theirs, about):
    path.parent.mkdir(parents=True, exist_ok=True)
    case = {"about": about, "zone": zone, "receiver": chain["receiver"], "operators": chain["operators"], "sort": chain["sort"], "copies": chain["copies"], "pods": chain["pods"],
            "input": chain["input"].decode("utf-8", "surrogateescape"),
            "expected": None if theirs[0] is None else theirs[0].split("\n")}
    path.write_text(json.dumps(case, indent=1, ensure_ascii=True) + "\n")


def load(path):
    """The chain, its time zone, and what must come out (None: a refusal)."""
    case = json.loads(path.read_text())
    case["input"] = case["input"].encode("utf-8", "surrogateescape")
    expected = case.pop("expected")
    return case, case.get("zone", "UTC"), None if expected is None else "\n".join(expected)
