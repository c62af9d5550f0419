"""What a run was on, and its results as Markdown."""

import collections
import datetime
import json
import os
import platform
import subprocess
import sys

import torch

CLOCKS = "clocks.sm,clocks.mem,clocks.max.sm,power.draw,temperature.gpu"


def told_by(command, folder=None):
    """The first line that a command says, or "unknown"."""
    try:
        said = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=20, check=True).stdout.strip()
        return said.splitlines()[0] if said else "unknown"
    except (OSError, subprocess.SubprocessError):
        return "unknown"


def clocks():
    values = told_by(["nvidia-smi", "--query-gpu=" + CLOCKS, "--format=csv,noheader"])
    return values if values == "unknown" else dict(zip(CLOCKS.split(","), (value.strip() for value in values.split(","))))


def environment(library, commit):
    place = library.place
    found = {"date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"), "place": place.name,
             "commit": commit or told_by(["git", "rev-parse", "HEAD"], os.path.dirname(os.path.abspath(__file__))),
             "torch": torch.__version__, "python": sys.version.split()[0], "machine": platform.machine(),
             "headroom": library.version, "driver": told_by(["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"])}
    if place.on_gpu:
        properties = torch.cuda.get_device_properties(0)
        found.update(device=properties.name, memory_bytes=properties.total_memory, multiprocessors=properties.multi_processor_count,
                     capability="%d.%d" % (properties.major, properties.minor), cuda=torch.version.cuda)
    try:
        found["headroom finds"] = library.describe().splitlines()
    except Exception as refusal:
        found["headroom finds"] = [str(refusal)]
    return found


def number(value, form):
    return "" if value is None else form % value


def row(name, entry):
    if "seconds" not in entry:
        return [name, entry.get("none", "")] + [""] * 8
    errors, plan = entry.get("errors", {}), entry.get("plan")
    rate = "%.0f" % (entry["flops_per_second"] / 1e12)
    if "executed_flops_per_second" in entry:
        rate += " (%.0f)" % (entry["executed_flops_per_second"] / 1e12)
    extra, least = entry.get("extra_bytes"), entry.get("gradient_bytes")
    if "wrong" in entry:
        name = "%s (WRONG: %s)" % (name, entry["wrong"])
    if "mean_dropped_mass" in entry:
        name = "%s (drops %.3g; cosines of dE %.6f, dC %.6f)" % (name, entry["mean_dropped_mass"], errors["cosine of dE"], errors["cosine of dC"])
    return [name, "%.2f (%.2f to %.2f)" % tuple(entry[key] * 1e3 for key in ("seconds", "least", "most")), rate,
            number(entry.get("share_of_product"), "%.2f"), number(entry.get("to_three_products"), "%.3f"),
            number(extra and extra / 2 ** 20, "%.0f"), number(least and least / 2 ** 20, "%.0f"),
            number(entry.get("loss"), "%.6f"),
            " / ".join(number(errors.get(key), "%.1e") or "-" for key in ("loss", "dE", "dC")) if errors else "",
            "%s, %d rows, %d columns" % (plan["engine"], plan["chunk_rows"], plan["tile_columns"]) if plan else ""]


def table(head, rows):
    return ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)] + ["| " + " | ".join(cells) + " |" for cells in rows]


HEAD = ["head", "ms, median (least to most)", "TFLOP/s of 6NDV (executed)", "share of the product's rate", "to three products",
        "extra MiB, peak", "of it dE + dC", "mean loss", "error of loss / dE / dC", "plan"]
NOTES = """Times are of loss, dE and dC together. "product" is one square bfloat16 product of torch's, the rate of this device
in this run; "three products" are torch's for logits, dE and dC in the chunks of the first of Headroom's calls, and no
more. Extra memory is the peak of what was handed out above inputs, gradients and workspace included (kernels and handles, outside torch's count, are not). Errors are
||out - truth|| / ||truth|| against float64 on 64 rows (loss, dE) and up to 128 classes (dC). Headroom's gradients are of
float32, the others' of bfloat16; "peaked" logits are described in inputs.py.""".replace("\n", " ")


def markdown(result):
    lines = ["# The head on a device", ""]
    for key, value in result["environment"].items():
        lines.append("- %s: %s" % (key, "; ".join(value) if isinstance(value, list) else value))
    lines += ["- clocks before: %s" % result["clocks_before"], "- clocks after: %s" % result.get("clocks_after", "unknown"), ""]
    lines += correctness(result["correctness"])
    if result.get("profile"):
        lines += ["## One call by kernel", ""] + table(["kernel", "calls", "ms", "share"], [
            [one["kernel"][:100].replace("|", "/"), str(one["calls"]), "%.3f" % one["ms"], "%.1f %%" % (100 * one["share"])]
            for one in result["profile"]]) + [""]
    if result.get("speed"):
        lines += ["## Time", "", NOTES, ""]
    for one in result.get("speed", []):
        lines += ["### %d x %d x %d, %s" % (tuple(one["shape"]) + (one["logits"],)), ""]
        entries = one.get("entries", {})
        lines += table(HEAD, [row(*pair) for pair in entries.items()]) if entries else [one.get("none", "")]
        lines.append("")
    return "\n".join(lines)


def correctness(result):
    lines = ["## Correctness", "", "%d checks, %d failed, %d left out." % (result["checks"], len(result["failed"]), len(result["left_out"])), ""]
    lines += ["- FAILED %s: %s" % (one["case"], "; ".join(one["failures"])) for one in result["failed"]]
    reasons = collections.Counter(one["skipped"] for one in result["left_out"])
    lines += ["- left out %d: %s" % (count, reason) for reason, count in reasons.items()]
    names = sorted({name for errors in result["worst"].values() for name in errors})
    rows = [[compute] + [number(errors.get(name), "%.1e") for name in names] for compute, errors in result["worst"].items()]
    return lines + ["", "Largest error of each output, by compute type:", ""] + table(["compute"] + names, rows) + [""]


def write(result, folder):
    os.makedirs(folder, exist_ok=True)
    paths = [os.path.join(folder, "gpu." + kind) for kind in ("json", "md")]
    for path, text in zip(paths, (json.dumps(result, indent=1), markdown(result))):
        with open(path, "w", encoding="utf-8") as file:
            file.write(text + "\n")
    return paths
