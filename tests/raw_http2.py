"""HTTP/2 frames by hand, for clients that break the rules. No library would send what the tests need."""
import socket
import struct

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM, ACK, END_HEADERS = 1, 1, 4

# RFC 7541 appendix B is a canonical code: the symbols of each length, in order, are enough. Printable ones only.
_BY_LENGTH = {5: "012aceiost", 6: " %-./3456789=A_bdfghlmnpru", 7: ":BCDEFGHIJKLMNOPQRSTUVWYjkqvwxyz", 8: "&*,;XZ",
              10: "!\"()?", 11: "'+|", 12: "#>", 13: "\0$@[]~", 14: "^}", 15: "<`{"}


def _huffman():
    codes, code, last = {}, 0, 5
    for length, symbols in _BY_LENGTH.items():
        code <<= length - last
        last = length
        for symbol in symbols:
            codes[length, code] = symbol
            code += 1
    return codes


_CODES = _huffman()


def huffman_decode(data):
    out, code, length = [], 0, 0
    for bit in "".join("{:08b}".format(byte) for byte in data):
        code, length = code << 1 | (bit == "1"), length + 1
        if (length, code) in _CODES:
            out.append(_CODES[length, code])
            code = length = 0
    return "".join(out)


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def _number(value, prefix, first):
    most = (1 << prefix) - 1
    if value < most:
        return bytes([first | value])
    out, value = bytearray([first | most]), value - most
    while value >= 128:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes(out + bytes([value]))


def field(name, value, indexed=False):
    """A literal field; `indexed` puts it in the peer's dynamic table."""
    name, value = name.encode(), value.encode()
    return (b"\x40" if indexed else b"\x00") + _number(len(name), 7, 0) + name + _number(len(value), 7, 0) + value


def grpc_head(path, *more):
    fields = [(":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "x"),
              ("content-type", "application/grpc"), ("te", "trailers"), *more]
    return b"".join(field(*one) for one in fields)


def message(body, flag=0, length=None):
    return struct.pack(">BI", flag, len(body) if length is None else length) + body


def head_fields(block):
    """The literal fields of a head. Names by index are left out, and so are whole fields by index."""
    at, out = 0, {}

    def number(prefix):
        nonlocal at
        most = (1 << prefix) - 1
        value, shift, at = block[at] & most, 0, at + 1
        while value >= most and (shift or value == most):
            byte, at = block[at], at + 1
            value, shift = value + ((byte & 127) << shift), shift + 7
            if byte < 128:
                break
        return value

    def text():
        nonlocal at
        packed = block[at] & 128
        size = number(7)
        raw, at = block[at:at + size], at + size
        return huffman_decode(raw) if packed else raw.decode()

    while at < len(block):
        first = block[at]
        if first & 0x80:
            number(7)
        elif first & 0xE0 == 0x20:
            number(5)
        else:
            index = number(6 if first & 0x40 else 4)
            name = text() if index == 0 else index
            out[name] = text()
    return out


class Peer:
    """One connection. Everything that fails because the server hung up is an answer, not an error."""

    def __init__(self, port, preface=PREFACE, settings=b"", timeout=5):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        self.gone, self.buffer = False, b""
        self.send(preface + (frame(SETTINGS, 0, 0, settings) if settings is not None else b""))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        try:
            self.socket.sendall(data)
        except (ConnectionError, socket.timeout):
            self.gone = True
        return not self.gone

    def frames(self):
        """(kind, flags, stream, payload) until the server closes; raises socket.timeout when it says nothing."""
        while True:
            while len(self.buffer) < 9 or len(self.buffer) < 9 + int.from_bytes(self.buffer[:3], "big"):
                try:
                    more = self.socket.recv(1 << 16)
                except ConnectionError:
                    return
                if not more:
                    return
                self.buffer += more
            size = int.from_bytes(self.buffer[:3], "big")
            kind, flags, stream = struct.unpack(">BBI", self.buffer[3:9])
            payload, self.buffer = self.buffer[9:9 + size], self.buffer[9 + size:]
            yield kind, flags, stream, payload

    def status(self, stream=1):
        """(grpc-status, grpc-message) of a call, ("reset", code), ("goaway", code) or ("closed", None)."""
        goaway = None
        for kind, flags, where, payload in self.frames():
            if kind == HEADERS and where == stream:
                fields = head_fields(payload)
                if "grpc-status" in fields:
                    return int(fields["grpc-status"]), fields.get("grpc-message", "")
                if flags & END_STREAM:
                    return "head", fields
            if kind == RST_STREAM and where == stream:
                return "reset", int.from_bytes(payload, "big")
            if kind == GOAWAY:
                goaway = int.from_bytes(payload[4:8], "big")
        return ("closed", None) if goaway is None else ("goaway", goaway)


def call(port, path, body, *more):
    """One unary call on its own connection. `body`: what goes into DATA frames."""
    with Peer(port) as peer:
        peer.send(frame(HEADERS, END_HEADERS, 1, grpc_head(path, *more)))
        for at in range(0, len(body), 16384):
            peer.send(frame(DATA, 0, 1, body[at:at + 16384]))
        peer.send(frame(DATA, END_STREAM, 1))
        return peer.status()
