#!/usr/bin/env python3
"""Checks and times the fused statistics (HEADROOM_CUDA_FUSED=1, compute capability 9.0) beside the usual ones: forward passes.

The library reads the variable once, so that each way runs in a process of its own, in turn, ROUNDS times. Exit 1 where
a loss is wrong, where two calls differ in a bit, or where the kernel is refused.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys

import measure

ROUNDS, CALLS = 3, 7
BAR = 2e-5  # ||nll - reference|| / ||reference|| over rows, the reference in float64 from the same operands
MIB = 1 << 20


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--library", help="libheadroom.so (default: it is built)")
    parser.add_argument("--build", default=os.path.join(measure.NATIVE, "..", "..", "..", "target", "gpu"), help="folder to build in (default: %(default)s)")
    parser.add_argument("--out", default="fused.json", help="file of the results (default: %(default)s)")
    parser.add_argument("--emulated", metavar="LIBRARY", help="no GPU: the emulation of the driver; tries the script on small shapes and measures nothing")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)  # a child
    chosen = parser.parse_args()
    chosen.cpu = False
    return chosen


def reference(inputs, rows):
    """nll of some rows, in float64 a block of classes at a time."""
    import torch
    e, v = inputs.e[rows].double(), inputs.shape[2]
    lse = torch.full((len(rows),), -torch.inf, dtype=torch.float64, device=e.device)
    for begin in range(0, v, 8192):
        lse = torch.logaddexp(lse, (e @ inputs.c[begin:begin + 8192].double().T).logsumexp(1))
    return lse - (e * inputs.c[inputs.t[rows]].double()).sum(1)


def one_way(chosen):
    """Every shape in this process: seconds of calls, error, bits; on standard output as JSON."""
    library = measure.open_library(chosen)
    import torch

    import abi
    import inputs
    import speed
    results, place = [], library.place
    for shape in inputs.SHAPES if place.on_gpu else inputs.TINY:
        given = inputs.Inputs(shape, True, place.torch_device)
        n, d, v = shape
        nll, lse = torch.empty(2, n, device=given.e.device)
        kept = torch.arange(n, device=given.e.device)
        head = library.head(e=given.e, c=given.c, t=given.t, nll=nll, lse=lse, compute=abi.BFLOAT16, engine=abi.RECOMPUTED,
                            kept=kept, kept_count=n, workspace=place.workspace((1280 if place.on_gpu else 16) * MIB))
        library.forward(head)
        first = nll.clone()
        clock, times = speed.Clock(place), []
        for _ in range(CALLS):
            nll.fill_(torch.nan)
            times.append(clock.time(lambda: library.forward(head)))
        rows = torch.arange(0, n, max(1, n // 64), device=given.e.device)
        truth = reference(given, rows)
        results.append({"shape": shape, "seconds": statistics.median(times), "same_bits": bool(torch.equal(first, nll)),
                        "error": float((nll[rows].double() - truth).norm() / truth.norm())})
    print(json.dumps(results))


def main():
    chosen = options()
    if chosen.one:
        return one_way(chosen)
    chosen.library = chosen.library or measure.build(chosen.build)
    command = [sys.executable, os.path.abspath(__file__), "--one", "--library", chosen.library] + (["--emulated", chosen.emulated] if chosen.emulated else [])
    runs = {"0": [], "1": []}
    for _ in range(ROUNDS):
        for fused, results in runs.items():
            done = subprocess.run(command, env=dict(os.environ, HEADROOM_CUDA_FUSED=fused), stdout=subprocess.PIPE, check=True)
            results.append(json.loads(done.stdout.splitlines()[-1]))
    good = True
    for at, entry in enumerate(runs["0"][0]):
        n, d, v = entry["shape"]
        seconds = {fused: statistics.median(run[at]["seconds"] for run in results) for fused, results in runs.items()}
        error = max(run[at]["error"] for results in runs.values() for run in results)
        right = error < BAR and all(run[at]["same_bits"] for results in runs.values() for run in results)
        good = good and right
        print("%d x %d x %d: usual %.3f ms, fused %.3f ms (%.0f TFLOP/s), error %.1e%s" %
              (n, d, v, seconds["0"] * 1e3, seconds["1"] * 1e3, 2e-12 * n * d * v / seconds["1"], error, "" if right else "  FAILED"))
    with open(chosen.out, "w") as file:
        json.dump({"command": sys.argv, "usual": runs["0"], "fused": runs["1"]}, file, indent=1)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
