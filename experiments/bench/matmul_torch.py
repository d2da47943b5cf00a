"""The other side of matmul.ts: measures PyTorch's products of the shapes it is asked for, a line of JSON each.

usage: matmul_torch.py THREADS bf16|f32
"""

import json
import sys
import time

import torch
import torch.nn.functional as F

torch.set_num_threads(int(sys.argv[1]))
dtype = torch.bfloat16 if sys.argv[2] == "bf16" else torch.float32


def operands(kind, m, n, k):
    if kind == "linear":
        x, weight = torch.rand(m, k) - 0.5, torch.rand(n, k) - 0.5
        return x.to(dtype), weight.to(dtype), F.linear
    if kind == "gradInput":
        grad, weight = torch.rand(m, k) - 0.5, torch.rand(k, n) - 0.5
        return grad.to(dtype), weight.to(dtype), torch.matmul
    grad, x = torch.rand(k, m) - 0.5, torch.rand(k, n) - 0.5
    return grad.to(dtype), x.to(dtype), lambda a, b: torch.matmul(a.t(), b)


with torch.inference_mode():
    for line in sys.stdin:
        shape = json.loads(line)
        m, n, k = shape["m"], shape["n"], shape["k"]
        a, b, multiply = operands(shape["kind"], m, n, k)
        multiply(a, b)
        best = float("inf")
        end = time.perf_counter() + shape["ms"] / 1000
        while True:
            start = time.perf_counter()
            multiply(a, b)
            now = time.perf_counter()
            best = min(best, now - start)
            if now >= end:
                break
        print(2 * m * n * k / best / 1e9, flush=True)
