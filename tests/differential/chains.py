"""Random chains of file_log's operators, with lines for them."""
import random

import expressions
import lines

FIELDS = ["body", "body.a", "body.msg", "body.obj", "body.list", "attributes.a", "attributes.b", "attributes.msg", "attributes.obj",
          "attributes.obj.a", 'attributes["x.y"]', "attributes.list", "attributes.num", "attributes.level", "attributes.ts", "resource.r",
          'resource["r.s"]', "attributes.new", "attributes.new.deep", "body.new"]
ROOTS = ["attributes", "body", "resource"]
LAYOUTS = {
    "strptime": ["%Y-%m-%dT%H:%M:%S.%LZ", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S%j", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%SZ",
                 "%d/%b/%Y:%H:%M:%S %z", "%b %e %H:%M:%S", "%a %b %e %H:%M:%S %Y", "%c", "%D %I:%M %p", "%q/%g/%Y %l:%M %P", "%y%m%d",
                 "%Y-%m-%d %H:%M:%S.%f %Z", "%Y-%m-%d %H:%M:%S %Z", "%F %T", "%Y-%m-%dT%H:%M:%S,%s%z", "%F", "%H:%M%p", "%Y-%m-%dT%H:%M:%S.%L%j"],
    "gotime": ["2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05.999999999Z07:00", "2006-01-02 15:04:05", "Jan _2 15:04:05",
               "02/Jan/2006:15:04:05 -0700", "2006-01-02T15:04:05.000Z", "Mon Jan _2 15:04:05 2006", "1/2/2006 3:04 PM", "060102",
               "2006-01-02 15:04:05 MST", "2006-01-02T15:04:05,000Z0700"],
    "epoch": ["s", "ms", "us", "ns", "s.ms", "s.us", "s.ns"],
}
#: encodings, and what Python calls them
CODECS = {"latin1": "latin1", "windows-1252": "cp1252", "koi8-r": "koi8_r", "shift_jis": "shift_jis", "big5": "big5", "gbk": "gbk",
          "gb18030": "gb18030", "hz-gb-2312": "hz", "euc-kr": "euc_kr", "euc-jp": "euc_jp", "iso-2022-jp": "iso2022_jp"}
ZONES = ["UTC", "America/New_York", "Asia/Kolkata", "Europe/Berlin", "MST", "Asia/Tokyo", "Local", ""]


def maybe(r, chance, made):
    return made() if r.random() < chance else None


def block_time(r, parse_from=None):
    kind = r.choice(["strptime", "strptime", "gotime", "epoch"])
    block = {"parse_from": parse_from or r.choice(["attributes.ts", "attributes.ts", "body.ts", "body"] + FIELDS), "layout": r.choice(LAYOUTS[kind])}
    if kind != "strptime" or r.random() < 0.3:
        block["layout_type"] = kind
    if kind != "epoch" and r.random() < 0.4:
        block["location"] = r.choice(ZONES)
    return block


def block_severity(r, parse_from=None):
    block = {"parse_from": parse_from or r.choice(["attributes.level", "attributes.level", "body.level", "body", "attributes.num"] + FIELDS)}
    if r.random() < 0.4:
        block["preset"] = r.choice(["default", "none", "otel", "aliases"])
    if r.random() < 0.3:
        block["overwrite_text"] = r.random() < 0.7
    if r.random() < 0.5:
        # Each value once: which severity a value gets that two of them claim is left to chance in the reference.
        values = r.sample(["2xx", "4xx", "GET", "INFO", "x", 42, 1, {"min": 300, "max": 350}, {"min": 9, "max": 2}, "", "Error", "-", "3xy"], 6)
        names = r.sample(["info", "error", "WARN2", "fatal4", "debug", "trace", "9", "nonsense"], 3)
        block["mapping"] = {name: r.choice([values[2 * i], values[2 * i:2 * i + 2]]) for i, name in enumerate(names[:r.randint(1, 3)])}
    return block


def block_trace(r):
    block = {}
    for name in ("trace_id", "span_id", "trace_flags"):
        if r.random() < 0.5:
            block[name] = {"parse_from": r.choice(["attributes." + name, "attributes." + name, r.choice(FIELDS)])}
    return block


def common(r, op):
    if r.random() < 0.25:
        op["if"] = expressions.truth(r)
    if r.random() < 0.4:
        op["on_error"] = r.choice(["send", "send_quiet", "drop", "drop_quiet"])
    return op


def parser(r, op, source=None):
    common(r, op)
    if source or r.random() < 0.3:
        op["parse_from"] = source or r.choice(FIELDS)
    if r.random() < 0.3:
        op["parse_to"] = r.choice(ROOTS + FIELDS)
    if op.get("parse_to") != "body" and r.random() < 0.1:
        op["body"] = r.choice(FIELDS)
    if r.random() < 0.25:
        op["timestamp"] = block_time(r)
    if r.random() < 0.25:
        op["severity"] = block_severity(r)
    if r.random() < 0.1:
        op["trace"] = block_trace(r)
    if r.random() < 0.1:
        op["scope_name"] = {"parse_from": r.choice(["attributes.msg"] + FIELDS)}
    return op


def keys_of(op):
    return {k: v for k, v in op.items() if v is not None}


def regex_parser(r):
    return parser(r, keys_of({"type": "regex_parser", "regex": r.choice([
        r'^(?P<host>\S+) \S+ (?P<a>\S+) \[(?P<ts>[^\]]*)\] "(?P<msg>[^"]*)" (?P<level>\S+) (?P<num>\S+)$',
        r"^(?P<a>\w+)\s(?P<msg>.*)$", r"(?P<num>\d+)", r"(?P<a>[^ ]*)( (?P<b>.*))?", r"^(?P<level>[A-Za-z]+)", r"(?P<ts>\d{4}-\d\d-\d\d\S*)",
        r"(?P<a>\p{L}+)|(?P<b>\d)", r"(?i)(?P<level>error|info|warn)", r"^(?P<x>.)(?P<msg>.*)", r"(?s)^(?P<msg>.*?)\s*$"]),
        "cache": maybe(r, 0.15, lambda: {"size": r.choice([1, 100])})}))


def json_parser(r):
    return parser(r, keys_of({"type": "json_parser", "parse_ints": maybe(r, 0.4, lambda: True)}))


def key_value_parser(r):
    return parser(r, keys_of({"type": "key_value_parser", "delimiter": maybe(r, 0.3, lambda: r.choice([":", "=>", "="])),
                              "pair_delimiter": maybe(r, 0.3, lambda: r.choice(["|", ",", ";", "  "]))}))


def csv_parser(r):
    op = {"type": "csv_parser"}
    delimiter = r.choice([None, None, ",", "\t", ";", "|"])
    if r.random() < 0.85:
        op["header"] = (delimiter or ",").join(r.choice([["a", "b", "msg"], ["a", "b", "a"], ["a", "msg"], ["ts", "level", "x.y"]]))
    else:
        op["header_attribute"] = "msg"
    if delimiter:
        op["delimiter"] = delimiter
    if r.random() < 0.4:
        op[r.choice(["lazy_quotes", "ignore_quotes"])] = True
    return parser(r, op)


def json_array_parser(r):
    op = {"type": "json_array_parser"}
    if r.random() < 0.5:
        op["header"] = r.choice(["a,b,msg", "a,b"])
    made = parser(r, op)
    if "header" not in op:
        made["parse_to"] = r.choice(["body", "attributes.list", "attributes.new", "body.new"])
        if made["parse_to"] == "body":
            made.pop("body", None)
    return made


def uri_parser(r):
    return parser(r, {"type": "uri_parser"})


def syslog_parser(r):
    op = {"type": "syslog_parser", "protocol": r.choice(["rfc3164", "rfc5424"])}
    if r.random() < 0.3:
        op["location"] = r.choice(ZONES[:6])
    if op["protocol"] == "rfc5424" and r.random() < 0.35:
        if r.random() < 0.7:
            op["enable_octet_counting"] = True
        else:
            op["non_transparent_framing_trailer"] = r.choice(["LF", "NUL"])
    if r.random() < 0.3:
        op["allow_skip_pri_header"] = True
    made = parser(r, op)
    for block in ("parse_to", "timestamp", "severity", "trace", "scope_name"):
        made.pop(block, None)  # what fails then leaves a timestamp behind in the reference
    return made


def time_parser(r):
    return common(r, {"type": "time_parser", **block_time(r)})


def severity_parser(r):
    return common(r, {"type": "severity_parser", **block_severity(r)})


def trace_parser(r):
    return common(r, {"type": "trace_parser", **block_trace(r)})


def scope_name_parser(r):
    return common(r, {"type": "scope_name_parser", "parse_from": r.choice(FIELDS)})


def container(r):
    op = parser(r, {"type": "container"})
    for name in ("parse_from", "parse_to", "body", "if"):
        if r.random() < 0.9:
            op.pop(name, None)
    if r.random() < 0.5:
        op["format"] = r.choice(["docker", "crio", "containerd", ""])
    if r.random() < 0.4:
        op["add_metadata_from_filepath"] = r.random() < 0.3
    return op


def add(r):
    value = ("EXPR(%s)" % expressions.anything(r)) if r.random() < 0.6 else r.choice(
        ["text", 1, 1.5, True, {"k": "v", "n": {"m": 1}}, [1, "a", 2.5], "", "EXPR", -3, 10**18, {"list": [1]}, "1", "true"])
    return common(r, {"type": "add", "field": r.choice(FIELDS + ["body"]), "value": value})


def copy(r):
    return common(r, {"type": "copy", "from": r.choice(FIELDS), "to": r.choice(FIELDS + ["body"])})


def move(r):
    return common(r, {"type": "move", "from": r.choice(FIELDS + ["body"]), "to": r.choice(FIELDS + ["body"])})


def remove(r):
    return common(r, {"type": "remove", "field": r.choice(FIELDS * 3 + ROOTS)})


def retain(r):
    return common(r, {"type": "retain", "fields": r.sample(FIELDS, r.randint(1, 4))})


def flatten(r):
    return common(r, {"type": "flatten", "field": r.choice(["body.obj", "attributes.obj", "attributes.new", "attributes.a", "resource.r", "body.a"])})


def unquote(r):
    return common(r, {"type": "unquote", "field": r.choice(["body", "attributes.msg", "attributes.a", r.choice(FIELDS)])})


def assign_keys(r):
    return common(r, {"type": "assign_keys", "field": r.choice(["attributes.list", "body.list", "body", "attributes.new"]),
                      "keys": r.choice([["a", "b"], ["a", "b", "msg"], ["x.y", "a", "a"]])})


def regex_replace(r):
    op = {"type": "regex_replace", "field": r.choice(["body", "attributes.msg", "attributes.a", "body.a"])}
    if r.random() < 0.2:
        op["regex_name"] = "ansi_control_sequences"
    else:
        op["regex"], op["replace_with"] = r.choice([(r"\d+", "N"), (r"(\w)(\w)", "$2$1"), (r"(?P<x>[a-e])", "<${x}>"), (r"()", "-"), (r"\s+", ""),
                                                    (r"(a)|(b)", "$1x${2}y$3"), (r"x*", "."), (r".", "$0$0"), (r"e", "$$")])
    return common(r, op)


def sanitize_utf8(r):
    return common(r, {"type": "sanitize_utf8", "field": r.choice(["body", "attributes.a", "attributes.obj", r.choice(FIELDS)])})


def filter(r):
    return {"type": "filter", "expr": expressions.truth(r), **r.choice([{}, {}, {"drop_ratio": 1.0}, {"drop_ratio": 0}, {"if": "false"}])}


def noop(r):
    return {"type": "noop"}


def recombine(r):
    op = {"type": "recombine", "combine_field": r.choice(["body", "body", "body", "attributes.msg", "body.msg"]),
          r.choice(["is_first_entry", "is_last_entry"]): r.choice([
              'body matches "^[^\\\\s]"', 'body contains "a"', 'body startsWith "{"', "true", "false", expressions.truth(r)]),
          "source_identifier": r.choice(['attributes["log.file.name"]'] * 4 + ["attributes.a", "body"])}
    for name, values in (("combine_with", ["", " ", "\n", "-+-"]), ("max_batch_size", [1, 2, 5]), ("max_unmatched_batch_size", [0, 1, 2, 3]),
                         ("overwrite_with", ["oldest", "newest"]), ("max_log_size", [1, 30, "1kib"]), ("max_sources", [1, 2, 1000]),
                         ("on_error", ["send", "drop", "send_quiet", "drop_quiet"]), ("if", ["true", "false"])):
        if r.random() < 0.3:
            op[name] = r.choice(values)
    op["force_flush_period"] = "60s"
    return op


#: which operators go with which lines
PARSERS = {"json_line": [json_parser], "time_json": [json_parser], "key_value": [key_value_parser], "csv": [csv_parser],
           "access": [regex_parser], "plain": [regex_parser], "syslog3164": [syslog_parser], "syslog5424": [syslog_parser], "uri": [uri_parser],
           "cri": [container], "docker": [container, json_parser], "json_array": [json_array_parser], "quoted": [unquote],
           "any_time": [time_parser], "digits": [severity_parser, time_parser], "word": [severity_parser, regex_parser]}
OTHERS = [add, add, add, copy, copy, move, move, move, remove, remove, retain, flatten, flatten, unquote, assign_keys, regex_replace, regex_replace,
          sanitize_utf8, filter, noop, time_parser, severity_parser, trace_parser, scope_name_parser]
ALL_PARSERS = [regex_parser, json_parser, key_value_parser, csv_parser, json_array_parser, uri_parser, syslog_parser]


def wire(r, operators):
    """Sometimes sends records past operators, to several of them, or through a router."""
    for number, op in enumerate(operators):
        op["id"] = "op%d" % number
    names = [op["id"] for op in operators]
    for number, op in enumerate(operators[:-1]):
        later = names[number + 1:]
        if op["type"] != "router" and r.random() < 0.3:
            chosen = r.sample(later, min(len(later), r.choice([1, 1, 2])))
            op["output"] = r.choice([chosen, ",".join(chosen), chosen[0]])


def router(r, later):
    routes = []
    for _ in range(r.randint(1, 3)):
        route = {"expr": expressions.truth(r), "output": r.choice(later)}
        if r.random() < 0.3:
            route["attributes"] = {"route": r.choice(["one", "EXPR(string(body))", "pre-EXPR(attributes.a)", "EXPR(type(body))-EXPR(\"b\")"])}
        routes.append(route)
    op = {"type": "router", "routes": routes}
    if r.random() < 0.7:
        op["default"] = r.choice(later)
    return op


def receiver_keys(r, chain):
    keys = chain["receiver"]
    for name, values in (("attributes", [{"a": "fixed"}, {"x.y": "EXPR(env(\"HOME\"))", "b": "p-EXPR(1 == 1 ? \"y\" : \"n\")"}]),
                         ("resource", [{"r": "res"}, {"r.s": "1"}]), ("include_file_record_number", [True]),
                         ("include_file_record_offset", [True]), ("preserve_leading_whitespaces", [True]),
                         ("preserve_trailing_whitespaces", [True]), ("include_file_name", [False]), ("max_log_size", [64, "1kib"]),
                         ("multiline", [{"line_start_pattern": r"^\S"}, {"line_start_pattern": r"(start|\d{4}-)", "omit_pattern": True},
                                        {"line_end_pattern": r"\n"}, {"line_end_pattern": r"end|\}\n"}, {"line_end_pattern": r"e", "omit_pattern": True}]),
                         ("encoding", ["utf-8", "utf-8-raw", "nop", "ascii", *CODECS]),
                         ("max_log_size_behavior", ["truncate", "split"])):
        if r.random() < 0.06:
            keys[name] = r.choice(values)
    if keys.get("encoding", "utf-8") not in ("utf-8", "utf-8-raw", "ascii"):  # the reference mixes up positions then
        keys.pop("multiline", None)


def chain(seed):
    """A chain: {"receiver": its own keys, "operators": [..], "input": bytes, "sort": order says nothing,
    "copies": entries go to several outputs, "pods": path of a pod}."""
    r = random.Random(seed)
    format = r.choice(sorted(PARSERS))
    made = {"receiver": {}, "sort": False, "pods": False}
    receiver_keys(r, made)
    operators = []
    if r.random() < 0.9:
        operators.append(r.choice(PARSERS[format])(r))
    for _ in range(r.choice([0, 1, 2, 2, 3, 4, 6])):
        operators.append(r.choice(ALL_PARSERS if r.random() < 0.2 else OTHERS)(r))
    if r.random() < 0.2 and not any(op["type"] == "container" for op in operators):
        operators.insert(r.randint(0, 1), recombine(r))
        for op in operators:
            if "header_attribute" in op:  # behind recombine the reference looks at the header before `if`, elsewhere after it
                op["header"] = op.get("delimiter", ",").join(["a", op.pop("header_attribute")])
    elif len(operators) > 1 and r.random() < 0.3:
        wire(r, operators)
        if len(operators) > 2 and r.random() < 0.5:
            at = r.randint(1, len(operators) - 1)
            op = router(r, [o["id"] for o in operators[at:]])
            op["id"] = "route"
            operators.insert(at, op)
    joins = [n for n, op in enumerate(operators) if op["type"] in ("recombine", "container")]
    branches = [op for op in operators if op["type"] == "router" or isinstance(op.get("output"), list) or "," in str(op.get("output", ""))]
    made["sort"] = bool(branches or joins)
    made["copies"] = any(op["type"] != "router" for op in branches)
    made["pods"] = "container" in [op["type"] for op in operators]
    if made["pods"]:
        made["receiver"].pop("encoding", None)
    made["operators"] = operators
    end = r.choice([b"\n"] * 8 + [b"\r\n"])
    text = end.join(lines.line(r, format) for _ in range(r.choice([3, 12, 25, 40])))
    made["input"] = text + (end if r.random() < 0.9 else b"")
    codec = CODECS.get(made["receiver"].get("encoding"))
    if codec and r.random() < 0.7:
        made["input"] = end.join(line.decode("utf-8", "replace").encode(codec, "replace") for line in made["input"].split(end))
    return made
