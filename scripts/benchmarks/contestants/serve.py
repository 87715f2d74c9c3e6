"""The contestant's side of the protocol, for Python: JSON lines on stdin and stdout, one command at a
time, blocked on stdin in between. Whatever libraries print goes to stderr."""

import json
import os
import re
import sys
import time

ENOUGH = 0.7  # a run is over after this part of its seconds


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
    shape = (workload["rows"], *workload["input"])
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
    """Whole epochs: one call, as a user would, once the time of an epoch is known. `epochs(n)` is the
    contestant's."""

    def __init__(self, rows, epochs):
        self.rows = rows
        self.epochs = epochs
        self.epoch_seconds = float("inf")  # the first one compiles: it tells nothing
        epochs(1)

    def run(self, seconds):
        start, elapsed, epochs = time.perf_counter(), 0.0, 0
        while elapsed < ENOUGH * seconds:
            count = max(1, round((seconds - elapsed) / self.epoch_seconds))
            self.epochs(count)
            now = time.perf_counter() - start
            self.epoch_seconds = (now - elapsed) / count
            elapsed, epochs = now, epochs + count
        return {"samplesPerSecond": epochs * self.rows / elapsed, "epochs": epochs, "seconds": elapsed}


def answer(create, commands, state, request):
    command = request["cmd"]
    if command == "prepare":
        state["session"] = Session(request["workload"]["rows"], create(request["workload"]))
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
