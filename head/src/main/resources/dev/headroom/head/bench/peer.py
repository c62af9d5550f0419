"""Measures PyTorch's own heads for `headroom bench`.

Speaks lines with PeerProcess.java, one answer for each question:

    (start: THREADS WORKSPACE_BYTES)  ready DESCRIPTION, or refused REASON
    weight V D      maps the float32 file weight of the working folder; ok
    rows N          maps the files hidden (float32) and targets (int64); ok
    run NAME        loss and both gradients once; done SECONDS LOSS PEAK_BYTES
    (anything)      error REASON, and the next question can be asked

PEAK_BYTES is the peak resident memory above inputs and gradients, -1 where it cannot be known.
The clock starts with the inputs in the type that is measured and stops after the gradients.
"""

import ctypes
import gc
import sys
import time

LEAST = (2, 13)


def answer(*words):
    print(*words, flush=True)


def prefer_this_process_when_memory_ends():
    try:
        with open("/proc/self/oom_score_adj", "w") as file:
            file.write("1000")
    except OSError:
        pass


def reset_peak():
    try:
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")
        return True
    except OSError:
        return False


def give_free_memory_back():
    """What malloc keeps would be in use already when a head takes it."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim:
        trim(0)


def status_bytes(field):
    with open("/proc/self/status") as file:
        for line in file:
            if line.startswith(field):
                return int(line.split()[1]) * 1024
    return -1


class Heads:
    """The heads by name, and the inputs they are given."""

    def __init__(self, torch, workspace_bytes):
        self.torch = torch
        self.workspace_bytes = workspace_bytes
        self.weight = self.hidden = self.targets = None

    def mapped(self, name, shape, dtype):
        count = 1
        for size in shape:
            count *= size
        return self.torch.from_file(name, shared=False, size=count, dtype=dtype).reshape(shape)

    def read_weight(self, classes, width):
        self.weight = self.mapped("weight", (classes, width), self.torch.float32)

    def read_rows(self, rows):
        width = self.weight.shape[1]
        self.hidden = self.mapped("hidden", (rows, width), self.torch.float32)
        self.targets = self.mapped("targets", (rows,), self.torch.int64)

    def options(self, name):
        """None selects the reference path of linear_cross_entropy, anything else the chunked one."""
        make = self.torch.nn.LinearCrossEntropyOptions
        if name.startswith("torch-lce-chunked"):
            return make()
        if name.startswith("torch-lce-sized"):
            rows = self.workspace_bytes // (4 * self.weight.shape[0])
            return make(batch_chunk_size=max(1, rows))
        return None

    def loss(self, name, e, c):
        functional = self.torch.nn.functional
        if name.startswith("torch-ce"):
            return functional.cross_entropy(functional.linear(e, c), self.targets)
        if name.startswith("torch-lce"):
            return functional.linear_cross_entropy(e, c, self.targets, options=self.options(name))
        raise ValueError("no head " + name)

    def run(self, name):
        """Returns seconds, loss and peak bytes."""
        dtype = self.torch.bfloat16 if name.endswith("-bf16") else self.torch.float32
        e = self.hidden.to(dtype).detach().requires_grad_()
        c = self.weight.to(dtype).detach().requires_grad_()
        give_free_memory_back()
        known = reset_peak()
        before = status_bytes("VmRSS:")
        start = time.perf_counter()
        loss = self.loss(name, e, c)
        loss.backward()
        value = float(loss.detach())
        seconds = time.perf_counter() - start
        gradients = e.grad.nbytes + c.grad.nbytes
        peak = status_bytes("VmHWM:") - before - gradients
        return seconds, value, max(0, peak) if known else -1


def start(threads, workspace_bytes):
    """Returns the heads, or the reason why there are none."""
    try:
        import torch
    except ImportError as problem:
        return "no PyTorch (%s)" % problem
    version = tuple(int("".join(filter(str.isdigit, part)) or 0)
                    for part in torch.__version__.split("+")[0].split(".")[:2])
    if version < LEAST or not hasattr(torch.nn.functional, "linear_cross_entropy"):
        return "PyTorch %s (expected: %d.%d or later)" % ((torch.__version__,) + LEAST)
    torch.set_num_threads(threads)
    return Heads(torch, workspace_bytes)


def serve(heads):
    for line in sys.stdin:
        words = line.split()
        try:
            if words[0] == "weight":
                heads.read_weight(int(words[1]), int(words[2]))
                answer("ok")
            elif words[0] == "rows":
                heads.read_rows(int(words[1]))
                answer("ok")
            elif words[0] == "run":
                answer("done", *("%r" % number for number in heads.run(words[1])))
            else:
                answer("error", "no question", words[0])
        except MemoryError:
            answer("error", "out of memory")
        except Exception as problem:
            # after the first line come C++ frames
            answer("error", (str(problem).splitlines() or [type(problem).__name__])[0])


if __name__ == "__main__":
    prefer_this_process_when_memory_ends()
    found = start(int(sys.argv[1]), int(sys.argv[2]))
    if isinstance(found, str):
        answer("refused", found)
    else:
        answer("ready", "PyTorch %s, Python %s" % (found.torch.__version__, sys.version.split()[0]))
        serve(found)
