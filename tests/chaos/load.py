"""What goes in: OTLP senders that repeat what was not acknowledged, and a file of lines that is rotated under its reader.
Every item of every attempt has a number of its own, so that it is known of each what has to become of it."""
import http.client
import json
import os
import random
import threading
import time

BATCH = 20  # records in a request


class Sender(threading.Thread):
    """One request after another; the next one only when this one was acknowledged or given up."""

    def __init__(self, port, number, rate):
        super().__init__(daemon=True)
        self.port, self.number, self.rate, self.done = port, number, rate, False
        self.answered, self.refused, self.given_up, self.unsure = set(), set(), set(), set()
        self.requests, self.attempts = 0, 0

    def attempt(self, connection, ids):
        body = json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": [{"body": {"stringValue": "#%s#" % x}} for x in ids]}]}]})
        connection.request("POST", "/v1/logs", body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        response.read()
        return response.status

    def run(self):
        connection = None
        while not self.done:
            acknowledged, attempt = False, 0
            self.requests += 1
            while not acknowledged:
                attempt += 1
                self.attempts += 1
                ids = ["s%d.%d.%d.%d" % (self.number, self.requests, attempt, k) for k in range(BATCH)]
                try:
                    connection = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=15)
                    status = self.attempt(connection, ids)
                    if status == 200:
                        self.answered.update(ids)
                        acknowledged = True
                    elif status in (429, 502, 503, 504):
                        self.refused.update(ids)
                        time.sleep(0.05)
                    else:
                        self.given_up.update(ids)
                        acknowledged = True
                except (OSError, http.client.HTTPException):
                    self.unsure.update(ids)  # it may have been taken
                    connection = None
                    time.sleep(0.05)
            time.sleep(1 / self.rate)


class Writer(threading.Thread):
    """Lines into app.log, which is renamed now and then. Its old files stay: they have to be found when gleaner was away."""

    def __init__(self, folder, seed, rate):
        super().__init__(daemon=True)
        self.path, self.chance, self.rate = folder / "app.log", random.Random(seed), rate
        self.lines, self.rotations, self.done = 0, 0, False

    def run(self):
        out = open(self.path, "a", buffering=1)
        rotate = time.monotonic() + self.chance.uniform(0.1, 1)
        while not self.done:
            for _ in range(5):
                out.write("#f%d# %s\n" % (self.lines, "x" * 100))
                self.lines += 1
            if time.monotonic() > rotate:
                rotate = time.monotonic() + self.chance.uniform(0.1, 1)
                self.rotations += 1
                os.rename(self.path, "%s.%d" % (self.path, self.rotations))
                out.close()
                out = open(self.path, "a", buffering=1)
            time.sleep(5 / self.rate)
        out.close()

    def all(self):
        return {"f%d" % n for n in range(self.lines)}
