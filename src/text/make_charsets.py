#!/usr/bin/env python3
"""Writes charsets.cc: tables of legacy charsets, taken from Python's own codecs.

    make_charsets.py OUT

Single-byte charsets cost 256 bytes, double-byte ones up to 50 KiB of read-only data; JIS X 0208 is taken out of Shift_JIS.
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
# All 256 bytes; ASCII elsewhere.
EBCDIC = {"cp037": "ibm037 cp037 ebcdic-cp-us ebcdic-cp-ca ebcdic-cp-wt ebcdic-cp-nl csibm037", "cp1047": "ibm1047 ibm-1047",
          "cp1140": "ibm01140 ccsid01140 cp01140 ebcdic-us-37+euro"}
# codec, names, lead bytes, trail bytes, second bytes that a broken pair swallows
DOUBLE = [
    ("cp932", "shift_jis ms_kanji csshiftjis windows-31j", (0x81, 0xFC), (0x40, 0xFC), ((0x40, 0x7E), (0x80, 0xFF))),
    ("cp949", "euc-kr cseuckr ks_c_5601-1987 korean", (0x81, 0xFE), (0x41, 0xFE), ((0x80, 0xFF), (0x80, 0xFF))),
    ("big5hkscs", "big5 csbig5 big5-hkscs", (0x81, 0xFE), (0x40, 0xFE), ((0x40, 0xFF), (0x40, 0xFF))),
    ("gb18030", "gbk cp936 ms936 windows-936 gb2312 csgb2312", (0x81, 0xFE), (0x40, 0xFE), ((0x40, 0x7E), (0x80, 0xFE))),
]
NONE = 0xFFFD
NO_LEAD = 0xFFFE  # none, though between bytes that begin pairs
HKSCS_TWO = ["\u00ca\u0304", "\u00ca\u030c", "\u00ea\u0304", "\u00ea\u030c"]  # numbers 1 to 4 stand for them
# "CODE" and the characters of this pair and the next ones.
BIG5_DIFFERENT = """
877A㡵𡵓𣚞𦀡㻬 87A1𥣞㫵竼龗𤅡𨤍𣇪𠪊𣉞䌊蒄龖鐯䤰蘓墖靊鈘秐稲晠権袝瑌篅枂稬剏遆㓦珄𥶹瓆鿇垳䤯呌䄱𣚎堘穲𧭥讏䚮𦺈䆁𥶙箮𢒼鿈𢓁𢓉𢓌鿉蔄𣖻䂴鿊䓡𪷿拁灮鿋 8E69箸 8E6F簆 8E7E糎
8EAB緒 8EB4縝 8ECD者 8ED0耨 8F57菁 8F69蒨 8F6E萏 8FCB覦覩 8FFE起 906D都 907A銹 90DC靜 90F1響 91BF鼖 9244蔃 92AF兙兛兝兞
92C8鍮 92D1瑹 9447浧 94CA禛 95D9邗 9644靝 96ED瀞 96FC嬨 9B76爁 9B78矗 9B7B纇 9BC6駖 9BDE釔 9BEC惞 9BF6澶 9C42輶
9C53侻 9C62營 9C68鄄 9C6B鷰 9C77菏 9CBC尐秣 9CD0婧 9D57輋 9D5A筑 9DC4拐 9EA9恢 9EEF痹 9EFD汊 9F60鬮 9F66鼗 9FCB僭
9FD8弌 A063蠏 A077拎 A0D5瑨 A0DF煢 A0E4牐 A145‧ A14E﹑ A1C2¯ A1E3～ A1F2⊕⊙ A241∕﹨ A244￥ A246￠￡
A3C0␀␁␂␃␄␅␆␇␈␉␊␋␌␍␎␏␐␑␒␓␔␕␖␗␘␙␚␛␜␝␞␟␡€ C6CF廴 C6D3无 C6D5癶 C6D7隶 C6DE〃仝 FA5F倩 FA66偽 FABD包 FAC5卄 FAD5卿
FB48嘅 FBB8婷 FBF3幵 FBF9廐 FC4F彘 FC6C悤 FCB9撐 FCE2晴 FCF1杞 FDB7沜渝 FDBB港 FDF1煮 FE52猪 FE6F瑜 FEAA瓩 FEDD砉
"""
PAIRS_DIFFERENT = {
    "gb18030": {0xA3A0: 0x3000},
    "big5hkscs": {int(run[:4], 16) + i: ord(c) for run in BIG5_DIFFERENT.split() for i, c in enumerate(run[4:])},
}
# Where the collector's tables are not Python's: measured, byte by byte.
DIFFERENT = {
    "cp1255": {0xCA: 0x5BA},
    "koi8-u": {0xAE: 0x45E, 0xBE: 0x40E},
    "cp932": {0x80: 0x80, 0xA0: NO_LEAD, 0xFD: NONE, 0xFE: NONE, 0xFF: NONE},
    "gb18030": {0x80: 0x20AC},
}
BASE = {"cp1047": "cp037"}  # Python has no cp1047
EBCDIC_DIFFERENT = {"cp1047": {0x5F: 0x5E, 0xAD: 0x5B, 0xB0: 0xAC, 0xBA: 0xDD, 0xBB: 0xA8, 0xBD: 0x5D}}


def code(data, codec):
    try:
        text = data.decode(codec)
    except UnicodeDecodeError:
        return NONE
    if codec == "big5hkscs" and text in HKSCS_TWO:
        return HKSCS_TWO.index(text) + 1
    if len(text) != 1 or 0xE000 <= ord(text) < 0xF900:
        return NONE  # the collector's tables hold no characters of private use
    return ord(text)


def jis0212():
    return [{0xA2B7: 0xFF5E}.get(a << 8 | b, code(bytes([0x8F, a, b]), "euc_jp")) for a in range(0xA1, 0xFF) for b in range(0xA1, 0xFF)]


def gb18030_ranges():
    """(number of a four-byte character, code point) wherever the distance between them changes, below U+10000."""
    rows, distance = [], None
    for number in range(39420):
        rest, d = divmod(number, 10)
        rest, c = divmod(rest, 126)
        a, b = divmod(rest, 10)
        point = ord(bytes([a + 0x81, b + 0x30, c + 0x81, d + 0x30]).decode("gb18030"))
        if point - number != distance:
            distance = point - number
            rows.append((number, point))
    return rows


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
        rows.append(f'{{.names = "{names}", .single = kSingle{i}}}')
    for i, (codec, names) in enumerate(EBCDIC.items()):
        table = [EBCDIC_DIFFERENT.get(codec, {}).get(b, code(bytes([b]), BASE.get(codec, codec))) for b in range(0x100)]
        arrays.append(array(f"kEbcdic{i}", table))
        rows.append(f'{{.names = "{names}", .single = kEbcdic{i} + 0x80, .low = kEbcdic{i}, '
                    f'.newline = {table.index(0x0A)}, .carriage_return = {table.index(0x0D)}}}')
    for i, (codec, names, lead, trail, swallowed) in enumerate(DOUBLE):
        ones = [NONE if lead[0] <= b <= lead[1] and codec != "cp932" else code(bytes([b]), codec) for b in range(0x80, 0x100)]
        for byte, point in DIFFERENT.get(codec, {}).items():
            ones[byte - 0x80] = point
        pairs = [PAIRS_DIFFERENT.get(codec, {}).get(a << 8 | b, code(bytes([a, b]), codec))
                 for a in range(lead[0], lead[1] + 1) for b in range(trail[0], trail[1] + 1)]
        arrays.append(array(f"kOnes{i}", ones))
        arrays.append(array(f"kPairs{i}", [p & 0xFFFF for p in pairs]))
        far = ""
        if max(pairs) > 0xFFFF:
            # All of them are in plane 2: a bit each says which.
            assert all(p < 0x10000 or p >> 16 == 2 for p in pairs)
            bits = [sum((pairs[n + k] > 0xFFFF) << k for k in range(16) if n + k < len(pairs)) for n in range(0, len(pairs), 16)]
            arrays.append(array(f"kPlane2{i}", bits))
            far = f", .plane2 = kPlane2{i}"
        rows.append(f'{{.names = "{names}", .single = kOnes{i}, .pairs = kPairs{i}{far}, .lead_low = {lead[0]}, .lead_high = {lead[1]}, '
                    f'.trail_low = {trail[0]}, .trail_high = {trail[1]}, .swallowed = {{{swallowed[0][0]}, {swallowed[0][1]}, '
                    f'{swallowed[1][0]}, {swallowed[1][1]}}}}}')
    arrays.append(array("kJis0212", jis0212()))
    ranges = gb18030_ranges()
    arrays.append("constexpr Gb18030Range kRanges[] = {\n    " + ",\n    ".join("{%d, 0x%x}" % row for row in ranges) + "};\n")
    with open(sys.argv[1], "w", encoding="ascii") as out:
        out.write("// Written by make_charsets.py.\n#include \"text/charsets.h\"\n\nnamespace gleaner::text {\nnamespace {\n\n")
        out.write("\n".join(arrays))
        out.write("constexpr Charset kCharsets[] = {\n    " + ",\n    ".join(rows) + "};\n\n}  // namespace\n\n")
        out.write("std::span<const Charset> charsets() { return kCharsets; }\n")
        out.write("std::span<const std::uint16_t> jis0212() { return kJis0212; }\n")
        out.write("std::span<const Gb18030Range> gb18030_ranges() { return kRanges; }\n\n}  // namespace gleaner::text\n")


if __name__ == "__main__":
    main()
