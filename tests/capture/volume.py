"""Rows 8 and 9: odd writes, long lines, clocks."""
from harness import Broken, expect, have

PY = "import os,sys\nw=os.write\n"


def text_of(box, stream=b"stdout"):
    return [text for of, text, _ in box.records() if of == stream]


def rows(table, make, binary):
    def row(name, program, check, *flags, show="none"):
        box = make()
        try:
            box.run(["python3", "-c", PY + program], "--passthrough=" + show, *flags)
            check(box)
            table.fact(name, True, "as it should be")
        except Exception as why:  # a row that cannot be judged is bad, and the others go on
            table.fact(name, False, "%s: %s" % (type(why).__name__, why))

    def is_out(*lines):
        def check(box):
            got = text_of(box)
            expect(got == list(lines), "got %d lines: %r" % (len(got), [g[:40] for g in got[:4]]))
        return check

    row("one write of 1 MB", "d=b'a'*1000000+b'\\n'\nwhile d: d=d[w(1,d):]", is_out(b"a" * 1000000))
    row("1-byte writes", "for c in b'one\\ntwo\\n'*500: w(1,bytes([c]))", is_out(*[b"one", b"two"] * 500))
    row("empty writes", "for i in range(100): w(1,b'')\nw(1,b'x\\n')\nw(2,b'')", is_out(b"x"))
    row("no final newline", "w(1,b'a\\nb')", is_out(b"a", b"b"))
    row("only newlines", "w(1,b'\\n\\n\\n')", is_out(b"", b"", b""))
    row("NUL bytes, invalid UTF-8, CR", "w(1,b'\\0\\xff\\xfe\\r\\n\\xc3\\n')", is_out(b"\0\xff\xfe\r", b"\xc3"))
    row("nothing at all", "pass", lambda box: expect(not box.segments(), "a file was made for nothing"))
    row("one stream closed", "os.close(2)\nfor i in range(1000): w(1,b'%d\\n'%i)", is_out(*[b"%d" % i for i in range(1000)]))

    def pieces(box):
        data = b"".join(p.read_bytes() for p in box.segments())
        expect(data.count(b" stdout P ") >= 3, "no pieces")
        out, err = text_of(box), text_of(box, b"stderr")
        expect(b"".join(out) == b"x" * 1000000 + b"end", "stdout differs: %d bytes" % len(b"".join(out)))
        expect(err == [b"e%d" % i for i in range(len(err))] and len(err) == 10, "stderr differs")

    row("a long line, and the other stream meanwhile",
        "import time\nfor i in range(10):\n d=b'x'*100000\n while d: d=d[w(1,d):]\n time.sleep(.02)\n w(2,b'e%d\\n'%i)\n time.sleep(.02)\nw(1,b'end\\n')",
        pieces)

    def whole(box):
        got = text_of(box)
        expect(len(got) == 1600 and all(len(g) == 65535 for g in got), "%d lines" % len(got))

    row("100 MB in 64 KB writes", "d=b'y'*65535+b'\\n'\nfor i in range(1600):\n e=d\n while e: e=e[w(1,e):]", whole)
    row("100 MB in one write", "d=b'y'*65535+b'\\n'\nd=d*1600\nwhile d: d=d[w(1,d):]", whole)

    def both_formats(box):
        import json
        got = [json.loads(line) for p in box.segments() for line in p.read_bytes().splitlines()]
        expect([g["log"] for g in got] == ["a\"\u20ac\n", "b\\\ufffd\n"], "got %r" % got)
        expect([g["stream"] for g in got] == ["stdout", "stderr"], "streams differ")

    row("--format=json", "w(1,'a\"\u20ac\\n'.encode())\nw(2,b'b\\\\\\xff\\n')", both_formats, "--format=json")
    row("--format=raw", "w(1,b'a\\n')\nw(2,b'b\\n')\nw(1,b'c')",
        lambda box: expect(b"".join(p.read_bytes() for p in box.segments()) == b"a\nb\nc\n", "differs"), "--format=raw")

    def teed(box):
        folder = box.root
        files = sorted(folder.glob("application.log*"), key=lambda p: -int(p.suffix[1:]) if p.suffix[1:].isdigit() else 1)
        data = b"".join(p.read_bytes() for p in files)
        lines = data.split(b"\n")[:-1]
        expect(all(p.stat().st_size <= 64 << 10 for p in files) and len(files) == 4, "%d files" % len(files))
        expect(lines == [b"%08d" % i for i in range(100000 - len(lines), 100000)], "the last lines are not those written")

    for how in ("rename", "copytruncate"):
        box = make()
        try:
            box.run(["python3", "-c", PY + "for i in range(100000): w(1,b'%08d\\n'%i); i%1000 or w(2,b'e\\n')"], "--passthrough=none",
                    "--tee-file", str(box.root / "application.log"), "--tee-rotate", how, "--max-size=64Ki", "--max-files=4",
                    "--max-total=10Mi")
            teed(box)
            table.fact("--tee-file, %s" % how, True, "4 files of 64 KiB, the last lines in order")
        except Broken as why:
            table.fact("--tee-file, %s" % how, False, str(why))
    clock(table, make)


def clock(table, make):
    """A clock that jumps back an hour in the middle; needs faketime or a time namespace, so the unit test has the proof."""
    if not have("faketime"):
        return table.skip("a clock that goes back", "faketime is not installed; src/capture/stamp_test.cc has it")
