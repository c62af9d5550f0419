"""Times loss + dE + dC: every head of a shape in turn, round after round, so that all meet the device in the same state."""

import gc
import statistics
import time

import torch

import abi
import heads
from inputs import Inputs, Truth

# Errors beyond which Headroom's head, without a filter, is wrong and not just rounded.
WRONG = {"loss": 1e-5, "dE": 1e-2, "dC": 1e-2}
WARM_UPS = 2
ROUNDS = 7


class Clock:
    """Seconds of device work by events, or of a wall clock where there is no GPU."""

    def __init__(self, place):
        self.place = place

    def time(self, act):
        if not self.place.on_gpu:
            start = time.perf_counter()
            act()
            return time.perf_counter() - start
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        start.record()
        act()
        end.record()
        end.synchronize()
        return start.elapsed_time(end) / 1e3


class Memory:
    """Peak bytes that torch handed out above those in use before: outputs and workspace are among them."""

    def __init__(self, place):
        self.on_gpu = place.on_gpu
        if self.on_gpu:
            torch.cuda.synchronize()
            torch.cuda.reset_peak_memory_stats()
            self.before = torch.cuda.memory_allocated()

    def peak(self):
        return torch.cuda.max_memory_allocated() - self.before if self.on_gpu else None


def why(error):
    """A head's failure in a line; out of memory is a result like any other."""
    if isinstance(error, torch.OutOfMemoryError) or getattr(error, "status", None) == abi.OUT_OF_MEMORY:
        return "OOM"
    if isinstance(error, abi.HeadroomError) and error.status == abi.UNSUPPORTED:
        return "refused: " + error.text
    if isinstance(error, ImportError):
        return "not here: " + (str(error).splitlines() or [""])[0]
    return "%s: %s" % (type(error).__name__, (str(error).splitlines() or [""])[0][:200])


def warm(make, place, truth_of):
    """A head after its warm-up and the start of its entry: peak memory, loss, errors; or None and the reason."""
    memory = Memory(place)
    try:
        head = make()
        head.run()
        place.wait()
        entry = {"extra_bytes": memory.peak()}
        if entry["extra_bytes"] is not None:
            entry["extra_bytes"] -= getattr(head, "parameter_bytes", 0)  # these the caller has
        gradients = head.gradients()
        if gradients:
            entry.update(loss=head.mean_loss(), gradient_bytes=sum(x.nbytes for x in gradients))
            entry["errors"] = truth_of(head).errors(*gradients, nll=getattr(head, "nll", None))
        if isinstance(head, heads.Headroom):
            add_own(head, entry)
        for _ in range(WARM_UPS - 1):
            head.clear()
            head.run()
        head.clear()
        place.wait()
        return head, entry
    except Exception as error:  # whatever others' heads raise
        return None, {"none": why(error)}


def add_own(head, entry):
    """What is known of Headroom's head alone."""
    entry["plan"] = head.plan.words()
    if head.dropped is not None:
        entry["mean_dropped_mass"] = float(head.dropped.mean())
        return
    wrong = ["%s %.1e" % (name, entry["errors"][name]) for name, bar in WRONG.items() if not entry["errors"][name] <= bar]
    if wrong:
        entry["wrong"] = ", ".join(wrong)


def wrong(results):
    """The names of heads with wrong numbers."""
    return ["%s, %s" % (one["shape"], name) for one in results for name, entry in one.get("entries", {}).items() if "wrong" in entry]


def free(place):
    gc.collect()
    if place.on_gpu:
        torch.cuda.empty_cache()


def time_shape(library, shape, peaked, report):
    """All heads on one shape; a list of entries by name."""
    place, clock = library.place, Clock(library.place)
    inputs, truth, live, entries = Inputs(shape, peaked, library.place.torch_device), [], {}, {}

    def truth_of(head):
        if not truth:
            truth.append(Truth(inputs, head.lse))  # Headroom's is the first that has one
        return truth[0]

    for name, make in heads.all_heads(library, inputs).items():
        head, entries[name] = warm(make, place, truth_of)
        if head is None:
            free(place)
            report("  %s: %s" % (name, entries[name]["none"]))
        else:
            live[name] = head
    seconds = {name: [] for name in live}
    for _ in range(ROUNDS):
        for name in list(live):
            try:
                seconds[name].append(clock.time(live[name].run))
                live[name].clear()
            except Exception as error:
                entries[name]["none"] = why(error)
                del live[name]
                free(place)
    for name in live:
        entries[name].update(seconds=statistics.median(seconds[name]), least=min(seconds[name]), most=max(seconds[name]))
    square = live["product"].side if "product" in live else None
    live.clear()
    del inputs, truth
    free(place)
    add_rates(entries, shape, square)
    return entries


def add_rates(entries, shape, square):
    n, d, v = shape
    product = entries["product"]
    if "seconds" in product:
        product["flops_per_second"] = 2 * square ** 3 / product["seconds"]
    bare = entries["three products"].get("seconds")
    for name, entry in entries.items():
        if "seconds" not in entry or name == "product":
            continue
        entry["flops_per_second"] = 6 * n * d * v / entry["seconds"]
        if entry.get("plan", {}).get("engine") == "recomputed":
            entry["executed_flops_per_second"] = 8 * n * d * v / entry["seconds"]
        if "flops_per_second" in product:
            done = entry.get("executed_flops_per_second", entry["flops_per_second"])
            entry["share_of_product"] = done / product["flops_per_second"]
        if bare:
            entry["to_three_products"] = entry["seconds"] / bare


def run(library, shapes, deadline, report=print):
    """A list of {"shape", "logits", "entries"}, as many as fit before the deadline."""
    results, longest = [], 0.0
    for peaked in (False, True):
        for shape in shapes:
            name = "%d x %d x %d, %s" % (shape + ("peaked" if peaked else "random",))
            result = {"shape": list(shape), "logits": "peaked" if peaked else "random"}
            results.append(result)
            start = time.monotonic()
            if start + longest > deadline:
                result["none"] = "left out: no time (--seconds)"
                report("%s: %s" % (name, result["none"]))
                continue
            report(name)
            try:
                result["entries"] = time_shape(library, shape, peaked, report)
            except torch.OutOfMemoryError:
                result["none"] = "OOM: the inputs alone"
                free(library.place)
            longest = max(longest, time.monotonic() - start)
            for head, entry in result.get("entries", {}).items():
                if "seconds" in entry:
                    report("  %-34s %9.2f ms" % (head, entry["seconds"] * 1e3))
    return results


def profile(library, shape):
    """Rows (kernel, calls, milliseconds, share) of one call, the most time first."""
    from torch.profiler import ProfilerActivity
    inputs = Inputs(shape, False, library.place.torch_device)
    head = heads.Headroom(library, inputs, 1280 * heads.MIB)
    for _ in range(WARM_UPS):
        head.run()
    library.place.wait()
    with torch.profiler.profile(activities=[ProfilerActivity.CPU, ProfilerActivity.CUDA]) as profiler:
        head.run()
        library.place.wait()
    kernels = {}
    for event in profiler.events():
        if event.device_type == torch.autograd.DeviceType.CUDA:
            kernels.setdefault(event.name, []).append(event.time_range.elapsed_us() / 1e3)
    total = sum(map(sum, kernels.values()))
    rows = [{"kernel": name, "calls": len(times), "ms": sum(times), "share": sum(times) / total} for name, times in kernels.items()]
    return sorted(rows, key=lambda row: -row["ms"])
