#!/usr/bin/env python3
"""--config from an http server: plain, redirected, inside a reference, and everything that can go wrong with it."""
import http.server
import subprocess
import sys
import threading

from relay_test import free_port

PIPELINE = b"""
receivers: {otlp: {protocols: {http: {}}}}
exporters: {nop: {}}
service: {pipelines: {logs: {receivers: [otlp], exporters: [nop]}}}
"""
PAGES = {
    "/good.yaml": (200, {}, PIPELINE),
    "/moved": (302, {"location": "/sub/again"}, b""),
    "/sub/again": (301, {"location": "../good.yaml"}, b""),
    "/round": (307, {"location": "/round"}, b""),
    "/typo.yaml": (200, {}, PIPELINE.replace(b"nop: {}", b"npo: {}")),
    "/secret": (401, {}, b"no"),
    "/port": (200, {}, b"127.0.0.1:4999"),
}


class Pages(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        path = self.path.replace("/sub/..", "")
        status, headers, body = PAGES.get(path, (404, {}, b""))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def main():
    binary = sys.argv[1]
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    base = "http://127.0.0.1:%d" % server.server_port
    dead = "http://127.0.0.1:%d/x" % free_port()

    def validate(*arguments):
        done = subprocess.run([binary, "validate", *arguments], capture_output=True, text=True, timeout=30)
        return done.returncode, done.stderr

    for good in (["--config=%s/good.yaml" % base], ["--config=%s/moved" % base],
                 ["--config=%s/good.yaml" % base, "--config=yaml:receivers::otlp::protocols::http::endpoint: "
                  "${%s/port}" % base]):
        code, words = validate(*good)
        assert (code, words) == (0, ""), (good, words)
    for bad, want in ((base + "/none", 'failed to load resource from uri "%s/none". status code: 404' % base),
                      (base + "/secret", "status code: 401"),
                      (base + "/round", "stopped after 10 redirects"),
                      (dead, "connection refused"),
                      (base + "/typo.yaml", '%s/typo.yaml:3:13: exporters: unknown type: "npo" for id: "npo" (did you '
                                            'mean "nop"?)' % base)):
        code, words = validate("--config=" + bad)
        assert code == 1 and want in words, (bad, words)
    print("fetch: configurations from http, redirected and refused")


if __name__ == "__main__":
    main()
