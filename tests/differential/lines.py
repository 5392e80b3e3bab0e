"""Random log lines: well formed ones of many formats, damaged ones, and garbage."""
import json

KEYS = ["a", "b", "msg", "level", "ts", "num", "list", "obj", "x.y", "trace_id", "span_id", "trace_flags", "list", "é"]
WORDS = ["error", "INFO", "warn", "Fatal2", "debug", "2xx", "GET", "/a/b", "naïve", "日本語", "x=1", "a b", "", "-", "null", "true",
         "0", "1", "42", "404", "200", "-7", "3.0", "3.25", "1e3", "007", "99999999999999999999", "9007199254740993", "\U0001f600",
         "\"q\"", "'s'", "back\\slash", "a,b", "{}", "[1,2]", "start", "end", "\u00a0", "\x1b[31mred\x1b[0m", "%41", "tab\tin"]
MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
DAYS = "Mon Tue Wed Thu Fri Sat Sun".split()


def word(r):
    return r.choice(WORDS)


def number(r):
    return r.choice([0, 1, -1, 7, 42, 404, 1.5, -0.0, 2.0, 1e21, 1e-7, 123456789012, 2**53 + 1, 2**63 - 1, 2**63, -2**63, 2**70, 1700000000])


def value(r, depth=0):
    kind = r.randrange(10 if depth < 2 else 7)
    if kind < 3:
        return word(r)
    if kind < 5:
        return number(r)
    if kind == 5:
        return r.choice([True, False, None])
    if kind == 6:
        return r.choice(["trace", "8000000000", "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", "01", "1136214245.123"])
    if kind == 7:
        return [value(r, depth + 1) for _ in range(r.randrange(4))]
    return {r.choice(KEYS): value(r, depth + 1) for _ in range(r.randrange(4))}


def moment(r):
    return dict(Y=r.choice([1970, 1999, 2001, 2024, 2026, 2038]), m=r.randint(1, 12), d=r.randint(1, 29), H=r.randint(0, 24),
                M=r.randint(0, 59), S=r.randint(0, 60), f=r.choice(["", "1", "123", "123456", "123456789", "1234567891"]))


def iso(r):
    t = moment(r)
    fraction = r.choice(".,") + t["f"] if t["f"] else ""
    return "%04d-%02d-%02d%s%02d:%02d:%02d%s%s" % (t["Y"], t["m"], t["d"], r.choice("TT  t"), t["H"], t["M"], t["S"], fraction,
                                                  r.choice(["Z", "Z", "", "+02:00", "-0700", "+05", " UTC", " CET", " PST"]))


def any_time(r):
    t = moment(r)
    return r.choice([
        lambda: iso(r), lambda: iso(r),
        lambda: "%02d/%s/%d:%02d:%02d:%02d +0200" % (t["d"], MONTHS[t["m"] - 1], t["Y"], t["H"], t["M"], t["S"]),
        lambda: "%s %2d %02d:%02d:%02d" % (MONTHS[t["m"] - 1], t["d"], t["H"], t["M"], t["S"]),
        lambda: "%s %s %2d %02d:%02d:%02d %d" % (r.choice(DAYS), MONTHS[t["m"] - 1], t["d"], t["H"], t["M"], t["S"], t["Y"]),
        lambda: "%d/%d/%d %d:%02d %s" % (t["m"], t["d"], t["Y"], r.randint(0, 13), t["M"], r.choice(["AM", "PM", "pm"])),
        lambda: str(r.choice([0, 1136214245, 1136214245123, 1136214245123456, 1136214245123456789, -1])),
        lambda: "1136214245." + (t["f"] or "5"),
        lambda: "%02d%02d%02d" % (t["Y"] % 100, t["m"], t["d"]),
    ])()


def json_line(r):
    text = json.dumps({r.choice(KEYS): value(r) for _ in range(r.randrange(7))}, ensure_ascii=r.random() < 0.3)
    if r.random() < 0.1:
        text = text.replace(":", " : ").replace(",", " ,\t")
    return text


def time_json(r):
    return json.dumps({"ts": r.choice([any_time, any_time, number])(r), "level": r.choice([word, number])(r), "msg": word(r)})


def key_value(r):
    pair, sign = r.choice([" ", " ", " ", "|", ",", ";", "  "]), r.choice(["=", "=", "=", ":", "=>"])
    return pair.join(r.choice(KEYS + ["k k"]) + sign + r.choice(["%s", "%s", '"%s"', "'%s'", '"%s x"']) % word(r)
                     for _ in range(r.randint(1, 5)))


def csv(r):
    delimiter = r.choice([",", ",", ",", "\t", ";", "|"])
    return delimiter.join(r.choice(["%s", "%s", '"%s"', '"%s,x"', '"a""%s"', " %s ", 'a"%s']) % word(r)
                          for _ in range(r.choice([3, 3, 3, 2, 4])))


def access(r):
    return '%s - %s [%s] "%s %s HTTP/1.1" %s %s' % (r.choice(["10.0.0.1", "::1", "host"]), r.choice(["-", "frank"]), any_time(r),
                                                  r.choice(["GET", "POST"]), r.choice(["/", "/a?b=c", "/ü"]),
                                                  r.choice(["200", "404", "500", "x"]), r.choice(["12", "-", "123456789"]))


def plain(r):
    return r.choice([" ", " ", ": ", " - "]).join(r.choice([word, word, any_time])(r) for _ in range(r.randint(1, 5)))


def syslog3164(r):
    t = moment(r)
    head = r.choice(["<34>", "<0>", "<191>", "<13>", "<192>", "<999>", "", "<1>"])
    stamp = r.choice(["%s %2d %02d:%02d:%02d" % (MONTHS[t["m"] - 1], t["d"], t["H"], t["M"], t["S"])] * 5 + [iso(r)])
    return "%s%s %s %s%s%s" % (head, stamp, r.choice(["host", "10.1.2.3", "my-host.example"]), r.choice(["su", "app", "sshd", "a/b", ""]),
                              r.choice(["[123]: ", ": ", " ", "[x y]: ", ":"]), plain(r))


def syslog5424(r):
    data = r.choice(["-", "-", '[id@1 a="b"]', '[id@1 a="b" c="d\\"e"][x y="z"]', "[id]", '[a b="]', '[e x="ü" x="2"]'])
    text = "<%s>%s %s %s %s %s %s %s" % (r.choice(["34", "0", "191", "13", "192"]), r.choice(["1", "1", "1", "2", "12", "0"]),
                                       r.choice(["-", iso(r).replace(" ", "T"), "2003-10-11T22:14:15.003Z", "2003-08-24T05:14:15.000003-07:00"]),
                                       r.choice(["host", "-", "h.example"]), r.choice(["app", "-"]), r.choice(["-", "111"]),
                                       r.choice(["ID47", "-"]), data)
    text += r.choice(["", " ", " " + plain(r), " \ufeff" + plain(r)])
    return "%d %s" % (len(text.encode()) + r.choice([0, 0, 0, 1, -1]), text) if r.random() < 0.3 else text


def uri(r):
    return r.choice(["http", "https", "ftp", "", "HTTP", "1x"]) + r.choice(["://", ":", "//", ""]) + r.choice(
        ["", "user@", "user:pw@", "u%41@"]) + r.choice(["example.com", "EXAMPLE", "[::1]", "10.0.0.1", "ex ample", "", "höst"]) + r.choice(
        ["", ":80", ":", ":x", ":99999"]) + r.choice(["", "/", "/a/b", "/a%20b", "/%zz", "/ä", "/a b"]) + r.choice(
        ["", "?", "?a=1", "?a=1&a=2&b", "?a=%41;b=2", "?=x", "?a=+b&c=%zz", "?sp ace=1"]) + r.choice(["", "", "#frag"])


def cri(r):
    text = word(r) + " " + word(r)
    stamp = r.choice([iso(r).replace(" ", "T"), "2024-04-13T07:59:37.505201169Z", "2024-04-13T07:59:37.505201169-10:00"])
    return "%s %s %s%s" % (stamp, r.choice(["stdout"] * 12 + ["stdxxx", ""]), r.choice(["F", "F", "P", "F:x", ""]), r.choice([" ", " ", " ", ""]) + text)


def docker(r):
    fields = {"log": word(r) + r.choice(["\n", "", "\n\n"]), "stream": "stdout",
              "time": r.choice(["2029-03-30T08:31:20.545192187Z", iso(r)]), "attrs": {"tag": word(r)}}
    for name in list(fields):
        if r.random() < (0.5 if name == "attrs" else 0.08):
            del fields[name]
    if r.random() < 0.05:
        fields["log"] = number(r)
    return json.dumps(fields, ensure_ascii=False)


def json_array(r):
    return json.dumps([value(r, 1) for _ in range(r.choice([3, 3, 3, 0, 2, 5]))], ensure_ascii=False)


def quoted(r):
    return r.choice(['"%s"', "`%s`", "'%s'", '"%s', '"a\\n%s\\x41\\u00e9"', "'\\''", "'a'", "'%s", '"\\q%s"', '"\\101%s"']).replace("%s", word(r))


def digits(r):
    return str(number(r))


FORMATS = {f.__name__: f for f in (json_line, time_json, key_value, csv, access, plain, syslog3164, syslog5424, uri, cri, docker, json_array,
                                   quoted, any_time, digits, word)}


def damaged(r, text):
    for _ in range(r.randint(1, 3)):
        at = r.randrange(len(text) + 1)
        text = r.choice([text[:at], text[at:], text[:at] + r.choice("\"'{}[]=:,<> \\\x00\x01é\U0001f600\ufeff") + text[at:],
                         text[:at] + text[at + 1:], text[:at] + text[at:at + 9] + text[at:]])
    return text


def garbage(r):
    kind = r.randrange(5)
    if kind == 0:
        return bytes(r.randrange(256) for _ in range(r.randint(1, 40)))
    if kind == 1:
        return r.choice([b"", b" ", b"\xef\xbb\xbf", b"\xff\xfe", b"\xc3", b"\xe2\x82", b"\xf0\x9f\x98", b"\xed\xa0\x80", b"\xc0\x80", b"\x00"])
    if kind == 2:
        return (word(r) * r.choice([1, 50, 700])).encode()
    if kind == 3:
        return ("%s" % number(r)).encode() * r.choice([1, 30])
    return ("".join(chr(r.choice([r.randrange(32, 127), r.randrange(0x80, 0x800), r.randrange(0xe000, 0x11000)])) for _ in range(r.randint(1, 20)))
            ).encode("utf-8", "surrogatepass")


def line(r, format):
    """One line as bytes, without newlines."""
    chance = r.random()
    if chance < 0.08:
        made = garbage(r)
    elif chance < 0.13:
        made = FORMATS[r.choice(sorted(FORMATS))](r)
    else:
        made = FORMATS[format](r)
        if chance < 0.33:
            made = damaged(r, made)
    if isinstance(made, str):
        made = made.encode("utf-8", "surrogatepass")
    return made.replace(b"\n", b" ").replace(b"\r", b" ")
