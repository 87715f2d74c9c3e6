"""The contestant's side of the protocol, for Python: JSON lines on stdin and stdout, one command at a
time, blocked on stdin in between. Whatever libraries print goes to stderr."""

import json
import os
import re
import sys
import time


def memory():
    with open("/proc/self/status") as file:
        status = file.read()

    def bytes_of(field):
        return 1024 * int(re.search(rf"^{field}:\s+(\d+)", status, re.M).group(1))

    return {"rss": bytes_of("VmRSS"), "peakRss": bytes_of("VmHWM")}


def synthetic_data(workload):
    """Features and labels as numpy arrays: speed does not depend on values."""
    import numpy as np

    generator = np.random.default_rng(0)
    shape = (workload["rows"], workload["features"])
    if workload["dtype"] == "uint8":
        x = generator.integers(0, 256, shape, dtype=np.uint8)
    else:
        x = generator.random(shape, dtype=np.float32)
    if workload["loss"] == "mse":
        y = generator.random((workload["rows"], workload["outputs"]), dtype=np.float32)
    else:
        y = generator.integers(0, workload["outputs"], workload["rows"], dtype=np.int32)
    return x, y


class Session:
    """Whole epochs in one call, as a user would: `epochs(n)` is the contestant's."""

    def __init__(self, rows, epochs):
        self.rows = rows
        self.epochs = epochs
        self.epoch_seconds = None

    def timed(self, count):
        start = time.perf_counter()
        self.epochs(count)
        elapsed = time.perf_counter() - start
        self.epoch_seconds = elapsed / count
        return elapsed

    def run(self, seconds):
        count = max(1, round(seconds / self.epoch_seconds))
        elapsed = self.timed(count)
        return {"samplesPerSecond": count * self.rows / elapsed, "epochs": count, "seconds": elapsed}


def answer(create, commands, state, request):
    command = request["cmd"]
    if command == "prepare":
        state["session"] = Session(request["workload"]["rows"], create(request["workload"]))
        state["session"].epochs(1)
        state["session"].timed(1)
        return {}
    if command == "run":
        return state["session"].run(request["seconds"])
    if command == "firstStep":
        create(request["workload"])(1)
        return {}
    return commands[command](request)


def serve(create, commands=None):
    """Answers commands until stdin ends; `create(workload)` gives a function of a number of epochs."""
    replies = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    state = {}
    for line in sys.stdin:
        request = json.loads(line)
        if request["cmd"] == "quit":
            break
        try:
            reply = answer(create, commands or {}, state, request)
        except Exception as error:  # reported to the measuring program, which names the contestant
            reply = {"error": f"{type(error).__name__}: {str(error)[:500]}"}
        replies.write(json.dumps({**reply, **memory()}) + "\n")
    replies.flush()
    os._exit(0)
