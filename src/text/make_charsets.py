#!/usr/bin/env python3
"""Writes charsets.cc: tables of legacy charsets, taken from Python's own codecs.

    make_charsets.py OUT

Single-byte charsets cost 256 bytes, double-byte ones up to 50 KiB of read-only data.
Bytes that a charset leaves open are no characters; of ISO 8859 only parts 1 and 9 have C1 controls: as in the collector.
"""
import sys

SINGLE = {
    **{f"iso8859-{n}": f"iso-8859-{n} iso_8859-{n} iso8859-{n}" for n in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 13, 14, 15, 16)},
    **{f"cp{n}": f"windows-{n} cp{n}" for n in (1250, 1251, 1252, 1253, 1254, 1255, 1256, 1257, 1258)},
    "koi8-r": "koi8-r cskoi8r",
    "koi8-u": "koi8-u",
    "cp866": "ibm866 cp866 866",
    "cp437": "ibm437 cp437 437",
    "cp850": "ibm850 cp850 850",
    "cp852": "ibm852 cp852 852",
    "cp855": "ibm855 cp855 855",
    "cp858": "ibm00858 cp00858 ccsid00858 pc-multilingual-850+euro",
    "cp860": "ibm860 cp860 860 csibm860",
    "cp862": "ibm862 cp862 862 cspc862latinhebrew",
    "cp863": "ibm863 cp863 863 csibm863",
    "cp865": "ibm865 cp865 865 csibm865",
    "cp874": "windows-874 tis-620",
    "mac-roman": "macintosh mac",
}
MORE_NAMES = {
    "iso8859-1": "latin1 l1 ibm819 cp819 csisolatin1 iso_8859-1:1987",
    "iso8859-2": "latin2 l2 csisolatin2 iso_8859-2:1987",
    "iso8859-3": "latin3 l3 csisolatin3 iso_8859-3:1988",
    "iso8859-4": "latin4 l4 csisolatin4 iso_8859-4:1988",
    "iso8859-5": "cyrillic csisolatincyrillic iso_8859-5:1988",
    "iso8859-6": "arabic csisolatinarabic iso_8859-6:1987 iso-8859-6-e iso-8859-6-i iso_8859-6-e iso_8859-6-i",
    "iso8859-7": "greek greek8 csisolatingreek iso_8859-7:1987",
    "iso8859-8": "hebrew csisolatinhebrew iso_8859-8:1988 iso-8859-8-e iso-8859-8-i iso_8859-8-e iso_8859-8-i",
    "iso8859-9": "latin5 l5 csisolatin5 iso_8859-9:1989",
    "iso8859-15": "latin-9",
}
# codec, names, lead bytes, trail bytes
DOUBLE = [
    ("cp932", "shift_jis ms_kanji csshiftjis windows-31j", (0x81, 0xFC), (0x40, 0xFC)),
    ("euc_jp", "euc-jp cseucpkdfmtjapanese", (0xA1, 0xFE), (0xA1, 0xFE)),
    ("cp949", "euc-kr cseuckr ks_c_5601-1987 korean", (0x81, 0xFE), (0x41, 0xFE)),
    ("big5hkscs", "big5 csbig5 big5-hkscs", (0x81, 0xFE), (0x40, 0xFE)),
    ("gb18030", "gbk cp936 ms936 windows-936 gb2312 csgb2312", (0x81, 0xFE), (0x40, 0xFE)),
]
NONE = 0xFFFD
# Where the collector's tables are not Python's: measured, byte by byte.
DIFFERENT = {
    "cp1255": {0xCA: 0x5BA},
    "koi8-u": {0xAE: 0x45E, 0xBE: 0x40E},
    "cp932": {0xA0: NONE, 0xFD: NONE, 0xFE: NONE, 0xFF: NONE},
    "gb18030": {0x80: 0x20AC},
}


def code(data, codec):
    try:
        text = data.decode(codec)
    except UnicodeDecodeError:
        return NONE
    return ord(text) if len(text) == 1 and ord(text) < 0x10000 else NONE


def single(codec):
    table = [code(bytes([b]), codec) for b in range(0x80, 0x100)]
    if codec.startswith("iso8859-") and codec not in ("iso8859-1", "iso8859-9"):
        table[:0x20] = [NONE] * 0x20
    for byte, point in DIFFERENT.get(codec, {}).items():
        table[byte - 0x80] = point
    return table


def array(name, values):
    lines = [", ".join(f"0x{v:x}" for v in values[i:i + 16]) for i in range(0, len(values), 16)]
    return f"constexpr std::uint16_t {name}[] = {{\n    " + ",\n    ".join(lines) + "};\n"


def main():
    arrays, rows = [], []
    for i, (codec, names) in enumerate(SINGLE.items()):
        arrays.append(array(f"kSingle{i}", single(codec)))
        names = (names + " " + MORE_NAMES.get(codec, "")).strip()
        rows.append(f'{{"{names}", kSingle{i}, nullptr, 0, 0, 0, 0}}')
    for i, (codec, names, lead, trail) in enumerate(DOUBLE):
        ones = [NONE if lead[0] <= b <= lead[1] and codec != "cp932" else code(bytes([b]), codec) for b in range(0x80, 0x100)]
        for byte, point in DIFFERENT.get(codec, {}).items():
            ones[byte - 0x80] = point
        pairs = [code(bytes([a, b]), codec) for a in range(lead[0], lead[1] + 1) for b in range(trail[0], trail[1] + 1)]
        arrays.append(array(f"kOnes{i}", ones))
        arrays.append(array(f"kPairs{i}", pairs))
        rows.append(f'{{"{names}", kOnes{i}, kPairs{i}, {lead[0]}, {lead[1]}, {trail[0]}, {trail[1]}}}')
    with open(sys.argv[1], "w", encoding="ascii") as out:
        out.write("// Written by make_charsets.py.\n#include \"text/charsets.h\"\n\nnamespace gleaner::text {\nnamespace {\n\n")
        out.write("\n".join(arrays))
        out.write("constexpr Charset kCharsets[] = {\n    " + ",\n    ".join(rows) + "};\n\n}  // namespace\n\n")
        out.write("std::span<const Charset> charsets() { return kCharsets; }\n\n}  // namespace gleaner::text\n")


if __name__ == "__main__":
    main()
