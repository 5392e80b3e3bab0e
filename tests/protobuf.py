"""Protobuf by hand, as far as tests need it: numbers, and fields with bytes in them."""


def varint(value):
    out = bytearray()
    while value >= 128:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes(out + bytes([value]))


def sub(number, body):
    return varint(number << 3 | 2) + varint(len(body)) + body
