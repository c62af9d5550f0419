#!/usr/bin/env python3
"""Checks and times Headroom's head on a CUDA device: see README.md beside this."""

import argparse
import os
import subprocess
import sys
import time

NATIVE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "src", "main", "native")


def options():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--library", help="libheadroom.so (default: it is built)")
    parser.add_argument("--build", default=os.path.join(NATIVE, "..", "..", "..", "target", "gpu"), help="folder to build in (default: %(default)s)")
    parser.add_argument("--out", default="gpu-results", help="folder of the results (default: %(default)s)")
    parser.add_argument("--commit", help="what was measured (default: git rev-parse HEAD)")
    parser.add_argument("--quick", action="store_true", help="correctness only")
    parser.add_argument("--profile", action="store_true", help="time by kernel of one call of the first shape, after the correctness")
    parser.add_argument("--seconds", type=float, default=440, help="after so many no further shape is begun (default: %(default)s)")
    parser.add_argument("--tiny", action="store_true", help="small shapes throughout: tries the script, measures nothing")
    place = parser.add_mutually_exclusive_group()
    place.add_argument("--emulated", metavar="LIBRARY", help="no GPU: the emulation of the driver, NVRTC and cuBLASLt; correctness only, unless --tiny")
    place.add_argument("--cpu", action="store_true", help="no GPU: the CPU rung (AVX-512); correctness only, unless --tiny")
    return parser.parse_args()


def build(folder):
    output = os.path.join(folder, "out")
    subprocess.run([os.path.join(NATIVE, "build.sh"), os.path.join(folder, "build"), output], check=True, stdout=sys.stderr)
    path = os.path.join(output, "libheadroom.so")
    if not os.path.exists(path):
        raise SystemExit("%s: not built (expected: cmake and g++, or --library)" % path)
    return path


def open_library(chosen):
    if chosen.emulated:
        for name in ("CUDA_DRIVER", "NVRTC", "CUBLASLT"):
            os.environ["HEADROOM_" + name] = os.path.abspath(chosen.emulated)
    import torch

    import abi
    if not chosen.emulated and not chosen.cpu and not torch.cuda.is_available():
        raise SystemExit("torch %s sees no CUDA device (expected: one, or --emulated LIBRARY or --cpu)" % torch.__version__)
    place = abi.Place("emulated" if chosen.emulated else "cpu" if chosen.cpu else "cuda")
    library = abi.Library(chosen.library or build(chosen.build), place)
    if place.device == abi.CUDA:
        try:
            library.describe()
        except abi.HeadroomError as refusal:
            raise SystemExit("%s: %s" % (library.path, refusal.text))
    return library


def main():
    chosen, start = options(), time.monotonic()
    library = open_library(chosen)
    import correctness
    import inputs
    import report
    import speed
    result = {"command": sys.argv, "environment": report.environment(library, chosen.commit), "clocks_before": report.clocks()}
    checker = correctness.Checker(library, small=chosen.tiny or not library.place.on_gpu)
    good = checker.run()
    result["correctness"] = {"checks": len(checker.results), "failed": checker.failures(), "left_out": checker.skipped(),
                             "worst": checker.worst, "seconds": time.monotonic() - start}
    shapes = inputs.TINY if chosen.tiny else inputs.SHAPES
    times = good and not chosen.quick and (library.place.on_gpu or chosen.tiny)
    if times and chosen.profile:
        result["profile"] = speed.profile(library, shapes[0])
    elif times:
        result["speed"] = speed.run(library, shapes, start + chosen.seconds)
    if result.get("profile") == []:
        print("profile: the profiler saw no kernels on this machine")
    for name in speed.wrong(result.get("speed", [])):
        good = False
        print("FAILED", name, "has wrong numbers")
    result["clocks_after"] = report.clocks()
    result["seconds"] = time.monotonic() - start
    for path in report.write(result, chosen.out):
        print("wrote", path)
    print("%.0f s" % result["seconds"])
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
