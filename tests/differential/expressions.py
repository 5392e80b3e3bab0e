"""Random expressions of the operators' language, mostly well typed."""
import json

FIELDS = ["body", "body.a", "body.msg", "body.num", "body.obj.a", "attributes.a", "attributes.msg", "attributes.level", "attributes.num",
          "attributes.list", "attributes.obj", 'attributes["x.y"]', 'attributes["log.file.name"]', "resource.r", "attributes.none",
          "attributes?.obj?.a", "$", "attributes", "resource", "nosuch", "attributes.ts"]


def text(r):
    return json.dumps(r.choice(["a", "error", "GET", "", "1", "x", "é", "start", "end", " ", ",", "日"]), ensure_ascii=False)


def regex(r):
    return json.dumps(r.choice(["^a", "\\d+", "error|INFO", ".", "^$", "(?i)warn", "[é-ü]", "\\bGET\\b", "x$"]), ensure_ascii=False)


def field(r):
    return r.choice(FIELDS)


def whole(r):
    return r.choice(["0", "1", "2", "-1", "42", "404", "0x1f", "1_000", "len(string(%s))" % field(r)])


def number(r, depth=0):
    if depth > 2 or r.random() < 0.4:
        return r.choice([whole(r), "1.5", "2.0", field(r), "attributes.num"])
    a, b = number(r, depth + 1), number(r, depth + 1)
    return r.choice(["(%s + %s)", "(%s - %s)", "(%s * %s)", "(%s / %s)", "(%s ** %s)"] + ["%s + 0 * %s"]) % (a, b)


def string(r, depth=0):
    if depth > 2 or r.random() < 0.4:
        return r.choice([text(r), text(r), "string(%s)" % field(r), "string(body)", "attributes.msg"])
    s = string(r, depth + 1)
    return r.choice(["upper(%s)", "lower(%s)", "trim(%s)", "%s + " + text(r), "%s[:1]", "%s[1:]", "replace(%s, " + text(r) + ", " + text(r) + ")",
                     "join(split(%s, " + text(r) + "), \"+\")", "trimPrefix(%s, " + text(r) + ")", "toBase64(%s)", "type(%s)",
                     "string(len(%s))", "repeat(%s, 2)", "toJSON(%s)", "(%s ?? \"d\")", "string(indexOf(%s, " + text(r) + "))",
                     'env("HOME") + %s', "trimSuffix(%s, " + text(r) + ")"]).replace("%s", s, 1)


def truth(r, depth=0):
    """An expression that is true or false."""
    if depth > 2 or r.random() < 0.55:
        return r.choice([
            lambda: "%s == %s" % (field(r), r.choice([text(r), whole(r), "nil", "true"])),
            lambda: "%s != %s" % (field(r), r.choice([text(r), whole(r), "nil"])),
            lambda: "%s matches %s" % (string(r, 2), regex(r)),
            lambda: "%s %s %s" % (string(r, 1), r.choice(["contains", "startsWith", "endsWith", "==", "<", ">="]), text(r)),
            lambda: "%s %s %s" % (number(r, 1), r.choice(["<", "<=", ">", ">=", "==", "!="]), number(r, 1)),
            lambda: "%s in %s" % (text(r), r.choice(["attributes", "resource", "attributes.list", "attributes.obj", "body", '["a", "error"]'])),
            lambda: "len(%s) %s %s" % (field(r), r.choice(["<", ">", "=="]), whole(r)),
            lambda: "type(%s) == %s" % (field(r), r.choice(['"string"', '"map"', '"int"', '"float"', '"array"', '"nil"', '"bool"'])),
            lambda: "%s(attributes.list ?? [], # == %s)" % (r.choice(["any", "all", "none", "one"]), r.choice([text(r), whole(r)])),
            lambda: r.choice(["true", "false"]),
        ])()
    return r.choice([
        lambda: "(%s and %s)" % (truth(r, depth + 1), truth(r, depth + 1)),
        lambda: "(%s || %s)" % (truth(r, depth + 1), truth(r, depth + 1)),
        lambda: "not (%s)" % truth(r, depth + 1),
        lambda: "(%s ? %s : %s)" % (truth(r, depth + 1), truth(r, depth + 1), truth(r, depth + 1)),
    ])()


def part(r):
    """A field that holds no other one: a map put into itself hangs the reference."""
    return r.choice([f for f in FIELDS if "." in f and "obj" not in f])


def anything(r):
    return r.choice([truth, number, string, lambda r: part(r),
                     lambda r: "[%s, %s]" % (part(r), number(r)), lambda r: '{"a": %s, "k": %s}' % (string(r), part(r)),
                     lambda r: "map(attributes.list, %s)" % r.choice(["#", "# == 1", "string(#)", "type(#)"]),
                     lambda r: "filter(attributes.list ?? [], # != %s)" % whole(r),
                     lambda r: "fromJSON(%s)" % r.choice(["body", "attributes.msg"]), lambda r: "int(%s)" % field(r),
                     lambda r: "float(%s)" % field(r), lambda r: "sort(keys(%s))" % r.choice(["attributes", "attributes.obj", "body"]),
                     lambda r: "%s ? %s : %s" % (truth(r), string(r), number(r)), lambda r: "let v = %s; v == nil ? \"n\" : v" % part(r),
                     lambda r: "split(string(body), %s)" % text(r), lambda r: "attributes.list | map(string(#)) | join(\",\")",
                     lambda r: "reduce(attributes.list ?? [], # == 1 ? 1 : 2)", lambda r: "bitand(%s, 6)" % whole(r),
                     lambda r: "%s %% %s" % (whole(r), whole(r)), lambda r: "abs(%s)" % number(r), lambda r: "round(%s)" % number(r),
                     lambda r: "first(attributes.list)", lambda r: "map(1..4, #)", lambda r: "string(%s)" % field(r),
                     lambda r: "toJSON(%s)" % part(r), lambda r: "timestamp"])(r)
