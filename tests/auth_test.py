#!/usr/bin/env python3
"""Authentication through the whole binary, with real sockets: right, wrong and missing credentials on both protocols;
tokens that are rotated under load, by the swing of Kubernetes' ..data, without one failed request; an OAuth2 server
that fails, expires and is asked once for many; senders' headers that reach the backend through batch; what may not
start does not, and no secret is printed.

    auth_test.py GLEANER        with a Python that has tests/requirements.txt (tests/venv.sh)"""
import base64
import collections
import http.client
import http.server
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

import grpc
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from relay_test import certificate, free_port, start, stop  # noqa: E402

EXPORT = "/opentelemetry.proto.collector.logs.v1.LogsService/Export"
BCRYPT = "$2b$04$abcdefghijklmnopqrstuub9TnyeFISZpldHdbcDU3s8YSnFJEDwi"  # "pass word:1"


def request(*texts):
    message = logs_service_pb2.ExportLogsServiceRequest()
    records = message.resource_logs.add().scope_logs.add().log_records
    for text in texts:
        records.add().body.string_value = text
    return message.SerializeToString()


def post(port, body, headers, path="/v1/logs", connection=None):
    """Status, content type and body of the answer."""
    mine = connection or http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    mine.request("POST", path, body, {"Content-Type": "application/x-protobuf", **headers})
    answer = mine.getresponse()
    got = answer.status, answer.headers["content-type"], answer.read()
    if not connection:
        mine.close()
    return got


def call(channel, body, metadata):
    """Code and details."""
    try:
        channel.unary_unary(EXPORT)(body, metadata=metadata, timeout=20)
        return grpc.StatusCode.OK, ""
    except grpc.RpcError as error:
        return error.code(), error.details()


def lines_in(path):
    return re.findall(r"line-[a-z0-9-]+", path.read_text()) if path.exists() else []


def wait_until(what, condition, seconds=20):
    end = time.time() + seconds
    while not condition():
        assert time.time() < end, "not within %d s: %s" % (seconds, what)
        time.sleep(0.01)


def ledger_of(log):
    return json.loads(re.search(r"Ledger\t(\{.*\})", log.read_text()).group(1))


def receiving_side(binary, work):
    """Who may send: a bearer token and a parameter of the URL, or a name and a password."""
    ports = {name: free_port() for name in ("token_http", "token_grpc", "basic_http", "basic_grpc")}
    out = work / "received.json"
    (work / "htpasswd").write_text("bob:%s\n" % BCRYPT)
    server, log = start(binary, work, "receiving", """
extensions:
  bearertokenauth: {token: s3cret}
  basic_auth: {htpasswd: {file: "%s/htpasswd", inline: "alice:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g="}}
receivers:
  otlp/token:
    protocols:
      http: {endpoint: "127.0.0.1:%d", auth: {authenticator: bearertokenauth, request_params: [authorization]}, response_headers: {X-Own: here}}
      grpc: {endpoint: "127.0.0.1:%d", auth: {authenticator: bearertokenauth}}
  otlp/basic:
    protocols:
      http: {endpoint: "127.0.0.1:%d", auth: {authenticator: basic_auth}}
      grpc: {endpoint: "127.0.0.1:%d", auth: {authenticator: basic_auth}}
exporters: {file: {path: "%s", flush_interval: 0s}}
service: {telemetry: {metrics: {level: none}}, extensions: [bearertokenauth, basic_auth], pipelines: {logs: {receivers: [otlp/token, otlp/basic], exporters: [file]}}}
""" % (work, ports["token_http"], ports["token_grpc"], ports["basic_http"], ports["basic_grpc"], out))
    basic = lambda text: "Basic " + base64.b64encode(text.encode()).decode()  # noqa: E731
    mismatch = "provided authorization does not match expected scheme or token"
    missing = "missing or empty authorization header: Authorization"
    cases = [  # receiver, credentials, the words of the refusal
        ("token", "Bearer s3cret", None),
        ("token", "Bearer wrong", mismatch),
        ("token", "bearer s3cret", mismatch),
        ("token", "s3cret", mismatch),
        ("token", None, missing),
        ("basic", basic("alice:password"), None),
        ("basic", basic("bob:pass word:1"), None),
        ("basic", basic("bob:pass word:1"), None),  # from memory
        ("basic", basic("bob:pass word:2"), "invalid credentials"),
        ("basic", basic("alice:pass word:1"), "invalid credentials"),
        ("basic", basic("nobody:password"), "invalid credentials"),
        ("basic", "Basic !", "invalid authorization format"),
        ("basic", "Bearer s3cret", "invalid authorization scheme prefix"),
        ("basic", None, "no basic auth provided"),
    ]
    accepted = []
    for number, (which, credentials, words) in enumerate(cases):
        text = "line-%d" % number
        status, kind, body = post(ports[which + "_http"], request(text + "-http"),
                                  {"Authorization": credentials} if credentials else {})
        with grpc.insecure_channel("127.0.0.1:%d" % ports[which + "_grpc"]) as channel:
            code, details = call(channel, request(text + "-grpc"),
                                 [("authorization", credentials)] if credentials else [])
        assert kind == "application/x-protobuf", kind
        if words is None:
            assert (status, body) == (200, b"\n\0") and code == grpc.StatusCode.OK, (number, status, body, code, details)
            accepted += [text + "-http", text + "-grpc"]
        else:
            said = b"\x08\x10\x12" + bytes([len(words)]) + words.encode()  # google.rpc.Status of UNAUTHENTICATED
            assert (status, body) == (401, said), (number, status, body)
            assert (code, details) == (grpc.StatusCode.UNAUTHENTICATED, words), (number, code, details)

    port = ports["token_http"]
    status, _, _ = post(port, request("line-by-parameter"), {}, "/v1/logs?authorization=Bearer+s3cret")
    assert status == 200
    accepted.append("line-by-parameter")
    # Every path is guarded, the content type decides how the refusal is written, and other types have no words.
    for path, headers, wanted in [
            ("/nowhere", {"Content-Type": "application/json"}, (401, "application/json", 16)),
            ("/v1/logs", {"Content-Type": "text/plain"}, (500, "application/json", 13)),
            ("/v1/logs", {"Content-Type": "application/json", "Content-Encoding": "br"}, (401, "application/json", 16))]:
        status, kind, body = post(port, b"{}", headers, path)
        assert (status, kind, json.loads(body)["code"]) == wanted, (path, headers, status, kind, body)
    # The refusal comes before the body is sent; a short body does not cost the connection.
    with socket.create_connection(("127.0.0.1", port), timeout=20) as peer:
        peer.sendall(b"POST /v1/logs HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 10000000\r\n\r\n")
        answer = peer.recv(4096).decode()
    assert answer.startswith("HTTP/1.1 401 ") and "x-own: here" in answer.lower(), answer
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.connect()
    own = connection.sock
    for _ in range(3):
        assert post(port, request("line-refused"), {}, connection=connection)[0] == 401
    assert post(port, request("line-after"), {"Authorization": "Bearer s3cret"}, connection=connection)[0] == 200
    assert connection.sock is own, "the connection was replaced"
    accepted.append("line-after")

    wait_until("all lines", lambda: len(lines_in(out)) >= len(accepted))
    stop(server, log)
    assert sorted(lines_in(out)) == sorted(accepted)
    assert ledger_of(log)["in"] == len(accepted), "what is refused is never booked"
    print("auth: %d right and %d wrong credentials over HTTP and gRPC" % (
        sum(words is None for _, _, words in cases), sum(words is not None for _, _, words in cases)))


class Mount:
    """A projected volume as the kubelet keeps it: token -> ..data/token, ..data -> a folder that is replaced."""

    def __init__(self, folder):
        self.folder, self.generation = folder, 0
        folder.mkdir()
        os.symlink("..data/token", folder / "token")

    def put(self, text):
        old = os.readlink(self.folder / "..data") if self.generation else None
        self.generation += 1
        name = "..%d" % self.generation
        (self.folder / name).mkdir()
        (self.folder / name / "token").write_text(text)
        os.symlink(name, self.folder / "..data_tmp")
        os.rename(self.folder / "..data_tmp", self.folder / "..data")
        if old:
            (self.folder / old / "token").unlink()
            (self.folder / old).rmdir()


def rotation(binary, work):
    """Four senders at full speed, two hops, no queue and no retries: one wrong token would be one failed request."""
    certificate(work)
    checks, sends = Mount(work / "checks"), Mount(work / "sends")
    checks.put("t0")
    sends.put("t0")
    ports = {name: free_port() for name in ("in_http", "in_grpc", "out_http", "out_grpc")}
    out = work / "rotated.json"
    second = start(binary, work, "second", """
extensions: {bearer_token_auth: {filename: "%s/token"}}
receivers:
  otlp:
    protocols:
      http: {endpoint: "127.0.0.1:%d", auth: {authenticator: bearer_token_auth}}
      grpc: {endpoint: "127.0.0.1:%d", auth: {authenticator: bearer_token_auth}, tls: {cert_file: "%s/cert.pem", key_file: "%s/key.pem"}}
exporters: {file: {path: "%s", flush_interval: 0s}}
service: {telemetry: {metrics: {level: none}, logs: {sampling: {enabled: false}}}, extensions: [bearer_token_auth], pipelines: {logs: {receivers: [otlp], exporters: [file]}}}
""" % (checks.folder, ports["out_http"], ports["out_grpc"], work, work, out))
    first = start(binary, work, "first", """
extensions: {bearertokenauth/file: {filename: "%s/token"}}
receivers:
  otlp/a: {protocols: {http: {endpoint: "127.0.0.1:%d"}}}
  otlp/b: {protocols: {http: {endpoint: "127.0.0.1:%d"}}}
exporters:
  otlp_http: {endpoint: "http://127.0.0.1:%d", auth: {authenticator: bearertokenauth/file}, sending_queue: {enabled: false}, retry_on_failure: {enabled: false}}
  otlp_grpc: {endpoint: "127.0.0.1:%d", auth: {authenticator: bearertokenauth/file}, sending_queue: {enabled: false}, retry_on_failure: {enabled: false}, tls: {ca_file: "%s/cert.pem"}}
service: {telemetry: {metrics: {level: none}}, extensions: [bearertokenauth/file], pipelines: {logs/a: {receivers: [otlp/a], exporters: [otlp_http]}, logs/b: {receivers: [otlp/b], exporters: [otlp_grpc]}}}
""" % (sends.folder, ports["in_http"], ports["in_grpc"], ports["out_http"], ports["out_grpc"], work))
    ended, failures = threading.Event(), []
    counts = [0] * 4

    def sender(number):
        port = ports["in_http"] if number % 2 else ports["in_grpc"]
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        while not ended.is_set():
            status, _, body = post(port, request("line-%d-%d" % (number, counts[number])), {}, connection=connection)
            if status != 200:
                failures.append((number, counts[number], status, body))
            counts[number] += 1
        connection.close()

    def everybody_anew():
        """Until every request that had begun before has ended."""
        before = list(counts)
        wait_until("two requests of each sender", lambda: all(now >= then + 2 for now, then in zip(counts, before)))

    threads = [threading.Thread(target=sender, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    rounds = 25
    for number in range(1, rounds + 1):
        checks.put("t%d # the new one\nt%d\n" % (number, number - 1))
        everybody_anew()
        sends.put("t%d\n" % number)
        everybody_anew()
        checks.put("t%d" % number)
        everybody_anew()
    ended.set()
    for thread in threads:
        thread.join()
    # The old token is dead, so the requests above did go with the new ones.
    assert post(ports["out_http"], request("line-old"), {"Authorization": "Bearer t%d" % (rounds - 1)})[0] == 401
    wait_until("all lines", lambda: len(lines_in(out)) >= sum(counts))
    stop(*first)
    stop(*second)
    assert not failures, failures[:5]
    got = collections.Counter(lines_in(out))
    assert got == collections.Counter("line-%d-%d" % (n, i) for n in range(4) for i in range(counts[n]))
    seen = second[1].read_text().count("refresh token")
    assert seen >= 2 * rounds - 1, "%d changes were seen" % seen
    print("auth: %d rotations under %d requests, none failed" % (rounds, sum(counts)))


class TokenServer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    broken, lifetime, asked, given = 0, 3600, 0, 0
    lock = threading.Lock()

    def do_POST(self):
        form = urllib.parse.parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())
        with TokenServer.lock:
            TokenServer.asked += 1
            broken = TokenServer.broken > 0
            TokenServer.broken -= broken
            wanted = "Basic " + base64.b64encode(b"the+client:s%2Fcret").decode()
            right = self.headers["authorization"] == wanted and form == {
                "grant_type": ["client_credentials"], "scope": ["logs metrics"], "audience": ["backend"]}
            if broken or not right:
                return self.answer(503 if broken else 401, {"error": "temporarily_unavailable" if broken else "invalid_client"})
            TokenServer.given += 1
            token = "token-%d" % TokenServer.given
        time.sleep(0.05)  # so that others want one meanwhile
        self.answer(200, {"access_token": token, "token_type": "bearer", "expires_in": TokenServer.lifetime})

    def answer(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        try:
            self.end_headers()
            self.wfile.write(data)
        except BrokenPipeError:  # gleaner stops while it fetches the next one
            pass

    def log_message(self, *_):
        pass


class Backend(TokenServer):
    """Remembers of every request: token, tenant, user, lines."""
    seen = []

    def do_POST(self):
        message = logs_service_pb2.ExportLogsServiceRequest()
        message.ParseFromString(self.rfile.read(int(self.headers["content-length"])))
        lines = [r.body.string_value for a in message.resource_logs for b in a.scope_logs for r in b.log_records]
        with Backend.lock:
            Backend.seen.append((self.headers["authorization"], self.headers["x-scope-orgid"], self.headers["x-user"], lines))
        self.send_response(200)
        self.send_header("content-type", "application/x-protobuf")
        self.send_header("content-length", "0")
        self.end_headers()


def serve(handler):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


def oauth_and_tenants(binary, work):
    """Senders' headers through batch to the backend, with a token of an OAuth2 server that fails first."""
    token_port, backend_port, in_port, grpc_port, direct_port = serve(TokenServer), serve(Backend), free_port(), free_port(), free_port()
    (work / "secret").write_text("s/cret\n")
    (work / "htpasswd2").write_text("carol:plain\n")
    TokenServer.broken = 3
    gleaner = start(binary, work, "tenants", """
extensions:
  oauth2client: {client_id: the client, client_secret_file: "%s/secret", token_url: "http://127.0.0.1:%d/token", scopes: [logs, metrics], endpoint_params: {audience: backend}, timeout: 5s, expiry_buffer: 1s}
  basicauth: {htpasswd: {file: "%s/htpasswd2"}}
  headers_setter:
    additional_auth: oauth2client
    headers: [{action: upsert, key: X-Scope-OrgID, from_context: x-tenant, default_value: nobody}]
  headers_setter/user:
    additional_auth: oauth2client
    headers: [{action: insert, key: X-User, from_attribute: username}, {action: delete, key: X-Extra}]
receivers:
  otlp: {protocols: {http: {endpoint: "127.0.0.1:%d", include_metadata: true}, grpc: {endpoint: "127.0.0.1:%d", include_metadata: true}}}
  otlp/direct: {protocols: {http: {endpoint: "127.0.0.1:%d", auth: {authenticator: basicauth}}}}
processors: {batch: {timeout: 100ms, metadata_keys: [X-Tenant]}}
exporters:
  otlp_http: {endpoint: "http://127.0.0.1:%d", compression: none, auth: {authenticator: headers_setter}, retry_on_failure: {initial_interval: 100ms}}
  otlp_http/user: {endpoint: "http://127.0.0.1:%d", compression: none, headers: {X-Extra: 1}, auth: {authenticator: headers_setter/user}, retry_on_failure: {initial_interval: 100ms}}
service: {telemetry: {metrics: {level: none}}, extensions: [headers_setter, headers_setter/user, basicauth, oauth2client], pipelines: {logs: {receivers: [otlp], processors: [batch], exporters: [otlp_http]}, logs/direct: {receivers: [otlp/direct], exporters: [otlp_http/user]}}}
""" % (work, token_port, work, in_port, grpc_port, direct_port, backend_port, backend_port))
    tenants = ["tenant%d" % n for n in range(8)]
    channel = grpc.insecure_channel("127.0.0.1:%d" % grpc_port)
    for i in range(25):
        for tenant in tenants:
            body = request("line-%s-%d" % (tenant, i))
            if i % 2:
                assert post(in_port, body, {"X-Tenant": tenant})[0] == 200
            else:
                assert call(channel, body, [("x-tenant", tenant)])[0] == grpc.StatusCode.OK
    assert post(in_port, request("line-nobody-0"), {})[0] == 200
    channel.close()
    total = lambda: sum(len(lines) for _, _, _, lines in Backend.seen)  # noqa: E731
    wait_until("all tenants' lines", lambda: total() >= 25 * len(tenants) + 1)
    for token, tenant, user, lines in Backend.seen:
        assert token == "Bearer token-1" and user is None, (token, user)
        assert lines and all(line.startswith("line-%s-" % tenant) for line in lines), (tenant, lines)
    assert sorted(line for _, _, _, lines in Backend.seen for line in lines) == sorted(
        ["line-%s-%d" % (tenant, i) for tenant in tenants for i in range(25)] + ["line-nobody-0"])
    # Three refusals, and after each the client's name in the form was tried too; then one token for everybody.
    assert TokenServer.given == 1 and TokenServer.asked <= 6, (TokenServer.given, TokenServer.asked)

    Backend.seen.clear()
    carol = {"Authorization": "Basic " + base64.b64encode(b"carol:plain").decode()}
    assert post(direct_port, request("line-carol"), carol)[0] == 200
    wait_until("carol's line", lambda: total() == 1)
    assert Backend.seen == [("Bearer token-1", None, "carol", ["line-carol"])], Backend.seen
    stop(*gleaner)
    ledgers = [json.loads(text) for text in re.findall(r"Ledger\t(\{.*\})", gleaner[1].read_text())]
    assert all(one["in"] == one["delivered"] and not one["held"] for one in ledgers), ledgers
    print("auth: %d tenants through batch, one OAuth2 token after %d requests for it" % (len(tenants), TokenServer.asked))


def renewal(binary, work):
    """Tokens of two seconds under load: every request has one that holds, and few are fetched."""
    token_port, backend_port, in_port = serve(TokenServer), serve(Backend), free_port()
    TokenServer.broken, TokenServer.lifetime, TokenServer.asked, TokenServer.given = 0, 2, 0, 0
    Backend.seen.clear()
    gleaner = start(binary, work, "renewal", """
extensions: {oauth2client: {client_id: the client, client_secret: s/cret, token_url: "http://127.0.0.1:%d/token", scopes: [logs, metrics], endpoint_params: {audience: [backend]}, expiry_buffer: 1s}}
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:%d"}}}}
exporters: {otlp_http: {endpoint: "http://127.0.0.1:%d", compression: none, auth: {authenticator: oauth2client}, sending_queue: {enabled: false}, retry_on_failure: {enabled: false}}}
service: {telemetry: {metrics: {level: none}}, extensions: [oauth2client], pipelines: {logs: {receivers: [otlp], exporters: [otlp_http]}}}
""" % (token_port, in_port, backend_port))
    connection = http.client.HTTPConnection("127.0.0.1", in_port, timeout=20)
    begun, sent = time.time(), 0
    while TokenServer.given < 4:
        assert post(in_port, request("line-%d" % sent), {}, connection=connection)[0] == 200
        sent += 1
        assert time.time() < begun + 30
    took = time.time() - begun
    stop(*gleaner)
    assert len(Backend.seen) == sent
    tokens = [token for token, _, _, _ in Backend.seen]
    assert tokens == sorted(tokens) and set(tokens) >= {"Bearer token-1", "Bearer token-2", "Bearer token-3"}, set(tokens)
    assert TokenServer.asked <= took + 2, "%d requests for tokens in %.1f s" % (TokenServer.asked, took)
    print("auth: %d tokens in %.1f s under %d requests, none failed" % (TokenServer.given, took, sent))


def what_may_not_start(binary, work):
    whole = """
extensions: {bearertokenauth: {token: s3cret-a}, basicauth: {client_auth: {username: u, password: s3cret-b}}, health_check: {endpoint: "127.0.0.1:%d"}, headers_setter: {headers: [{action: upsert, key: a, value: s3cret-c}], additional_auth: %s}}
receivers: {otlp: {protocols: {%s}}}
exporters: {debug: , %s}
service: {telemetry: {metrics: {level: none}}, extensions: [%s], pipelines: {logs: {receivers: [otlp], exporters: [%s]}}}
"""
    http_in = 'http: {endpoint: "127.0.0.1:%d"%s}'
    cases = [  # additional_auth, protocols, exporters, listed, used, the words
        ("basicauth", http_in % (free_port(), ", auth: {authenticator: bearertokenauth}"), "", "health_check", "debug",
         'failed to resolve authenticator "bearertokenauth": authenticator not found'),
        ("basicauth", http_in % (free_port(), ", auth: {authenticator: nosuch}"), "", "health_check", "debug",
         'failed to resolve authenticator "nosuch": authenticator not found'),
        ("basicauth", http_in % (free_port(), ", auth: {authenticator: basicauth}"), "", "basicauth", "debug",
         "requested authenticator is not a server authenticator"),
        ("basicauth", http_in % (free_port(), ""), 'otlp_http: {endpoint: "http://127.0.0.1:1", auth: {authenticator: health_check}}',
         "health_check", "otlp_http", "requested authenticator is not a HTTP client authenticator"),
        ("basicauth", http_in % (free_port(), ""), 'otlp: {endpoint: "127.0.0.1:1", auth: {authenticator: health_check}}',
         "health_check", "otlp", "requested authenticator is not a gRPC client authenticator"),
        ("basicauth", http_in % (free_port(), ""), 'otlp: {endpoint: "127.0.0.1:1", tls: {insecure: true}, auth: {authenticator: bearertokenauth}}',
         "bearertokenauth", "otlp", "the credentials require transport level security"),
        ("basicauth", http_in % (free_port(), ""), 'otlp: {endpoint: "127.0.0.1:1", tls: {insecure: true}, auth: {authenticator: headers_setter}}',
         "headers_setter, basicauth", "otlp", "the credentials require transport level security"),
        ("nosuch", http_in % (free_port(), ""), 'otlp_http: {endpoint: "http://127.0.0.1:1", auth: {authenticator: headers_setter}}',
         "headers_setter", "otlp_http", 'failed to resolve authenticator "nosuch"'),
        ("basicauth", http_in % (free_port(), ", auth: {authenticator: bearertokenauth, nosuch: 1}"), "", "bearertokenauth", "debug",
         "has invalid keys: nosuch"),
    ]
    for case in cases:
        *parts, words = case
        (work / "bad.yaml").write_text(whole % (free_port(), *parts))
        run = subprocess.run([binary, "--config=%s/bad.yaml" % work], capture_output=True, text=True, timeout=20)
        assert run.returncode == 1 and words in run.stderr, (case, run.returncode, run.stderr)
        assert "s3cret" not in run.stdout + run.stderr, "a secret is told: " + run.stderr
    # A file that is not there ends the start too.
    (work / "bad.yaml").write_text((whole % (free_port(), *cases[0][:3], "bearertokenauth", "debug")).replace(
        "token: s3cret-a", "filename: %s/nowhere" % work))
    run = subprocess.run([binary, "--config=%s/bad.yaml" % work], capture_output=True, text=True, timeout=20)
    assert run.returncode == 1 and "failed to read credentials file" in run.stderr, run.stderr
    (work / "good.yaml").write_text(whole % (free_port(), *cases[0][:3], "bearertokenauth", "debug"))
    printed = subprocess.run([binary, "print-config", "--config=%s/good.yaml" % work], capture_output=True, text=True, timeout=20)
    assert printed.returncode == 0 and printed.stdout.count("[REDACTED]") == 3 and "s3cret" not in printed.stdout, printed
    print("auth: %d configurations that cannot work do not start" % (len(cases) + 1))


def main():
    binary = sys.argv[1]
    for test in (what_may_not_start, receiving_side, rotation, oauth_and_tenants, renewal):
        with tempfile.TemporaryDirectory(prefix="auth-") as work:
            test(binary, pathlib.Path(work))


if __name__ == "__main__":
    main()
