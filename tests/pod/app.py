"""The application of the pod: JSON lines to stdout, five a second, and a warning to stderr now and then."""
import json
import signal
import sys
import time

signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
count = 0
while True:
    now = time.time()
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + ".%03dZ" % (now % 1 * 1000)
    print(json.dumps({"timestamp": stamp, "level": "info", "message": "order %d accepted" % count, "order": count, "total": 19.9}), flush=True)
    if count % 5 == 3:
        print("warning: order %d has no postcode" % count, file=sys.stderr, flush=True)
    count += 1
    time.sleep(0.2)
