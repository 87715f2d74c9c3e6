"""The sgemm peak of the machine: `sgemm.py THREADS numpy|torch`, the best 2048³ product within the time
given. numpy's wheels carry OpenBLAS, PyTorch's MKL."""

import sys
import time

from serve import serve

THREADS, VARIANT = int(sys.argv[1]), sys.argv[2]
SIZE = 2048

if VARIANT == "torch":
    import torch

    torch.set_num_threads(THREADS)
    a, b, c = (torch.full((SIZE, SIZE), 0.5) for _ in range(3))

    def product():
        torch.mm(a, b, out=c)
else:
    import numpy as np

    a, b, c = (np.full((SIZE, SIZE), 0.5, np.float32) for _ in range(3))

    def product():
        np.matmul(a, b, out=c)


def peak(request):
    best, end = float("inf"), time.perf_counter() + request["seconds"]
    while time.perf_counter() < end:
        start = time.perf_counter()
        product()
        best = min(best, time.perf_counter() - start)
    return {"gflops": 2 * SIZE**3 / best / 1e9}


serve(None, {"peak": peak})
