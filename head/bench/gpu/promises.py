"""Promises beyond the numbers of one call: bits, refusals, graphs, the filter. Each returns its failures, or a reason to be left out."""

import torch

import abi
import problems
from bits import same_bits
from problems import Case
from reference import Reference


def of(checker):
    """Pairs of a name and a check."""
    promises = Promises(checker)
    for compute in ("float32", "tfloat32", "bfloat16"):
        yield "a row's loss by itself, " + compute, lambda compute=compute: promises.rows_alone(compute)
    for compute in ("float32", "bfloat16"):
        yield "gradient filter, " + compute, lambda compute=compute: promises.filter(compute)
    for name in ("wrong_targets", "refusals", "no_rows", "logits", "graph", "half_compute"):
        yield name.replace("_", " "), getattr(promises, name)


class Promises:
    """The checks; one Checker makes their calls."""

    def __init__(self, checker):
        self.checker, self.library, self.place = checker, checker.library, checker.library.place

    def plain(self, compute, **more):
        kind = "bfloat16" if compute == "bfloat16" else "float32"
        shape = (37, 24, 4500) if self.checker.small else (613, 264, 20011)
        return Case(shape, "ignored", compute, kind, kind, **more)

    def rows_alone(self, compute):
        """The loss of a row by itself, among others, in a small workspace, by either engine and with the rows told."""
        case = self.plain(compute)
        if self.place.device == abi.CPU:
            return "a promise of the devices' rung here"
        given = problems.Maker(case, self.place).make()
        whole, failures = self.checker.call(case, given), []
        tries = {"tight": self.plain(compute, tight=True), "kept": self.plain(compute, engine="kept", kept=True),
                 "recomputed": self.plain(compute, engine="recomputed"), "separate": self.plain(compute, passes="separate", tight=True)}
        for name, other in tries.items():
            got = self.checker.call(other, given)
            failures += ["%s: %s has other bits" % (name, key) for key in ("nll", "lse", "entropy") if not same_bits(got[key], whole[key])]
        for rows in (slice(0, 1), slice(5, 6), slice(8, 31), slice(16, None)):
            part = dict(given, e=given["e"][rows], t=given["t"][rows], r=given["r"][rows])
            n = part["e"].shape[0]
            got = self.checker.call(Case((n,) + case.shape[1:], case.options, compute, case.e, case.c), part)
            failures += ["rows %d to %d: %s has other bits" % (rows.start, rows.start + n - 1, key)
                         for key in ("nll", "lse") if not same_bits(got[key], whole[key][rows])]
        return failures

    def wrong_targets(self):
        """A target that is no class: NaN on its row, and on no other; refused on the CPU."""
        case = self.plain("float32")
        given = problems.Maker(case, self.place).make()
        good = self.checker.call(case, given)
        bad = dict(given, t=given["t"].clone())
        places = torch.tensor([2, 11], device=bad["t"].device)
        bad["t"][places] = torch.tensor([case.shape[2], -1], device=bad["t"].device)
        if self.place.device == abi.CPU:
            return self.refused(lambda: self.checker.call(case, bad), abi.TARGET_RANGE, "target of row 2")
        got, failures = self.checker.call(case, bad), []
        rest = torch.ones_like(bad["t"], dtype=torch.bool)
        rest[places] = False
        if not bool(torch.isnan(got["nll"][places]).all()):
            failures.append("nll of rows with such a target: %s (expected: NaN)" % got["nll"][places].tolist())
        if not (same_bits(got["nll"][rest], good["nll"][rest]) and same_bits(got["de"][rest], good["de"][rest])):
            failures.append("rows beside one with such a target have other bits")
        if not same_bits(self.checker.call(case, given)["dc"], good["dc"]):
            failures.append("the next call has other bits")
        return failures

    def refused(self, act, status, words):
        try:
            act()
        except abi.HeadroomError as refusal:
            if refusal.status == status and words in refusal.text:
                return []
            return ["%s (expected: status %d, ...%s...)" % (refusal, status, words)]
        return ["taken (expected: status %d, ...%s...)" % (status, words)]

    def refusals(self):
        """Calls that are refused, each of which leaves the next one good."""
        case = self.plain("float32")
        given = problems.Maker(case, self.place).make()
        good = self.checker.call(case, given)
        attempts = [("workspace", lambda: self.checker.call(case, given, size=256), abi.INVALID, "workspace bytes: 256 (expected: at least"),
                    ("smoothing", lambda: self.checker.call(case, dict(given, label_smoothing=1.5)), abi.INVALID, "label_smoothing: 1.5"),
                    ("soft cap", lambda: self.checker.call(case, dict(given, soft_cap=-1.0)), abi.INVALID, "soft_cap"),
                    ("no r", lambda: self.checker.call(case, dict(given, r=None)), abi.INVALID, "r: null")]
        if self.place.on_gpu:
            attempts.append(("host memory", lambda: self.checker.call(case, dict(given, e=given["e"].cpu())), abi.INVALID, "e: "))
        failures = []
        for name, act, status, words in attempts:
            failures += ["%s: %s" % (name, problem) for problem in self.refused(act, status, words)]
            if not same_bits(self.checker.call(case, given)["dc"], good["dc"]):
                failures.append("%s: the next call has other bits" % name)
        return failures

    def no_rows(self):
        """n = 0, and rows that are all ignored: loss 0 and gradients 0."""
        failures = []
        for n, kept in ((0, False), (9, False), (9, True)):
            case = Case((n, 8, 70), compute="float32", kept=kept)
            given = problems.Maker(case, self.place).make()
            given["t"].fill_(-100)
            out = self.checker.call(case, given)
            failures += ["n %d: %s is not 0" % (n, name) for name, value in out.items() if not bool((value == 0).all())]
        return failures

    def logits(self):
        """headroom_head_logits, of rows that count."""
        case = self.plain("float32")
        given = problems.Maker(case, self.place).make()
        z = torch.full((case.shape[0], case.shape[2] + 3), torch.nan, device=self.place.torch_device)
        head = self.library.head(**given, workspace=self.place.workspace(self.checker.large), compute=abi.FLOAT32)
        self.library.logits(head, z)
        self.place.wait()
        counted, v = given["t"] != -100, case.shape[2]
        expected = Reference(given, "float32").z
        error = float((z[counted, :v].double() - expected[counted]).norm() / expected[counted].norm())
        failures = [] if error <= 1e-5 else ["error %.3g (expected: at most 1e-5)" % error]
        if not bool(torch.isnan(z[~counted]).all() and torch.isnan(z[:, v:]).all()):
            failures.append("ignored rows or the room between rows were written")
        return failures

    def graph(self):
        """A call captured into a graph, replayed on other numbers in the same memory."""
        if not self.place.on_gpu:
            return "no graphs here"
        case = self.plain("bfloat16", kept=False)
        given, fresh = (problems.Maker(Case(case.shape, options, "bfloat16", "bfloat16", "bfloat16"), self.place).make()
                        for options in ("ignored", "ignored top"))
        expected = self.checker.call(case, fresh)
        del fresh["top_count"]
        self.checker.call(case, given)
        out, graph, stream = problems.outputs(case, given, self.place), torch.cuda.CUDAGraph(), torch.cuda.Stream()
        room = self.place.workspace(self.checker.large)
        torch.cuda.synchronize()
        with torch.cuda.graph(graph, stream=stream):
            self.library.forward_backward(self.library.head(**given, **out, workspace=room, compute=abi.BFLOAT16))
        for name, value in fresh.items():
            given[name].copy_(value)
        failures = []
        for replay in range(2):
            for value in out.values():
                value.fill_(torch.nan)
            room.fill_(0xff)
            graph.replay()
            torch.cuda.synchronize()
            failures += ["replay %d: %s has other bits than the call" % (replay, name) for name in out if not same_bits(out[name], expected[name])]
        return failures

    def filter(self, compute):
        """Nothing is dropped below a tiny tau; else no more than the mass below tau, and the gradients lose no more than that."""
        kind = "bfloat16" if compute == "bfloat16" and self.place.device == abi.CUDA else "float32"
        case = Case(self.plain(compute).shape, "ignored bias scale", compute, kind, kind)
        given = problems.Maker(case, self.place).make()
        truth, failures = Reference(given, compute), []
        try:
            got = self.checker.call(case, dict(given, filter_tau=1e-30))
        except abi.HeadroomError as refusal:
            return "refused: " + refusal.text if refusal.status == abi.UNSUPPORTED else [str(refusal)]
        failures += ["tau 1e-30: " + problem for problem in self.checker.compare(case, given, got, truth)[1]]
        counted = given["t"] != -100
        p = torch.softmax(truth.z[counted], 1)
        for name, setting, most in (("tau", {"filter_tau": 2e-3}, torch.where(p < 2e-3, p, 0.0).sum(1)),
                                    ("mass", {"filter_mass": 0.05}, None)):
            for full in (0, 1):
                got = self.checker.call(case, dict(given, **setting, filter_full_c=full))
                again = self.checker.call(case, dict(given, **setting, filter_full_c=full))
                failures += ["%s, full c %d: %s" % (name, full, problem) for problem in self.lost(case, given, got, truth, most, full)]
                failures += ["%s: %s has other bits in a second call" % (name, key) for key in got if not same_bits(got[key], again[key])]
        return failures

    def lost(self, case, given, got, truth, most, full):
        """What a filtered call lost, against the bounds of it."""
        counted, failures = given["t"] != -100, []
        dropped = got["dropped"].double()
        if not bool((dropped[~counted] == 0).all() and (dropped >= 0).all()):
            failures.append("dropped: not 0 on ignored rows, or below 0")
        if most is None and not float(dropped[counted].mean()) <= 0.05:
            failures.append("mean dropped mass: %.3g (expected: at most 0.05)" % dropped[counted].mean())
        if most is not None and not bool((dropped[counted] <= most + 1e-5).all()):
            failures.append("dropped: more than the mass below tau")
        if not float(dropped.sum()) > 0:
            failures.append("dropped: nothing, so that this check saw no filter")
        loss = 2 * dropped * given["r"].double().abs() * given.get("logit_scale", 1.0)
        slack = 4e-3 * float(truth.outputs["de"].norm())
        error = (got["de"].double() - truth.outputs["de"]).norm(dim=1)
        if not bool((error <= loss * float(truth.c.detach().norm(dim=1).max()) + slack).all()):
            failures.append("dE: off by more than the dropped mass allows")
        error = float((got["dc"].double() - truth.outputs["dc"]).norm())
        bound = 4e-3 * float(truth.outputs["dc"].norm()) + (0 if full else float((loss * truth.e.detach().norm(dim=1)).sum()))
        if not error <= bound:
            failures.append("dC: off by %.3g (expected: at most %.3g)" % (error, bound))
        return failures

    def half_compute(self):
        case = self.plain("float32")
        given = problems.Maker(case, self.place).make()
        head = self.library.head(**given, **problems.outputs(case, given, self.place), compute=abi.FLOAT16, workspace=self.place.workspace(self.checker.large))
        return self.refused(lambda: self.library.forward_backward(head), abi.UNSUPPORTED, "compute")
