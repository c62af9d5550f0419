"""Whether the library's numbers are right: against float64, with poisoned outputs, bit for bit where bits are promised."""

import collections

import torch

import abi
import problems
import promises
from bits import same_bits
from reference import Reference

# ||out - reference|| / ||reference||, the reference with operands rounded as the products see them: what is left are
# float32 sums (of TFLOAT32 also the rounding of its operands), and of the gradients the rounding of the tile's entries.
BARS = {"float32": {"statistics": 2e-5, "gradients": 3e-5},
        "tfloat32": {"statistics": 2e-3, "gradients": 4e-3},
        "bfloat16": {"statistics": 2e-5, "gradients": 4e-3}}
LISTED = ("listed_logits", "lse_rest")
GRADIENTS = ("de", "dc", "db")
CANCELLING = {"lse_rest": 10, "variance": 10, "squares": 10, "soft": 10, "entropy": 10}  # times the bar: differences, and exponentials of sums


class Checker:
    """Runs checks and keeps what they found."""

    def __init__(self, library, small):
        self.library = library
        self.place = library.place
        self.small = small
        self.large = (16 if small else 256) << 20  # bytes of a workspace that holds the whole call
        self.results = []
        self.worst = {}

    def failures(self):
        return [result for result in self.results if result["failures"]]

    def skipped(self):
        return [result for result in self.results if result.get("skipped")]

    # -- one call --

    def workspace_bytes(self, values, tight):
        plan = self.library.plan(self.library.head(**values, workspace_bytes=self.large))
        return plan.least_workspace_bytes if tight else self.large

    def call(self, case, given, size=None):
        """The outputs of one call of the case."""
        out = problems.outputs(case, given, self.place)
        values = dict(given, **out, compute=problems.COMPUTE[case.compute], engine=problems.ENGINES[case.engine], add_dc=int(case.adds))
        if case.kept and self.place.device == abi.CUDA:
            kept = (given["t"] != -100).nonzero().flatten()
            values.update(kept=torch.cat([kept, kept.new_zeros(1)]), kept_count=len(kept))  # an empty tensor has no address
        if case.passes == "separate":
            values["engine"] = abi.RECOMPUTED
        if size is None:
            size = self.workspace_bytes(values, case.tight)
        values["workspace"] = self.place.workspace(size)
        values["workspace"].fill_(0xff)  # NaN, whatever type is read
        if case.passes == "between":
            self.call_between(values)
        elif case.passes == "separate":
            head = self.library.head(**values)
            self.library.forward(head)
            self.library.backward(head)
        else:
            self.library.forward_backward(self.library.head(**values))
        self.place.wait()
        return out

    def call_between(self, values):
        """The row scales come late, for the rows that are named."""
        late, problem = torch.full_like(values["r"], torch.nan), []

        def between(_, rows, count):
            try:
                index = torch.tensor([rows[i] for i in range(count)], device=late.device)
                assert bool(torch.isfinite(values["lse"][index]).all()), "rows without statistics were named"
                late[index] = values["r"][index]
            except Exception as error:  # an exception must not pass through C
                problem.append(error)

        callback = abi.Between(between)
        self.library.forward_backward(self.library.head(**dict(values, r=late), between=callback))
        if problem:
            raise problem[0]

    # -- one case --

    def compare(self, case, given, out, reference):
        bars, errors, failures = BARS[case.compute], {}, []
        for name, expected in reference.outputs.items():
            if name not in out:
                continue
            bar = bars["gradients" if name in GRADIENTS else "statistics"] * CANCELLING.get(name, 1)
            got = out[name].double()
            if case.adds and name in ("dc", "db"):
                got = got - (0.25 if name == "dc" else -0.5)
                bar = bar + 2.0 ** -20 * got.numel() ** 0.5 / max(float(expected.norm()), 1e-30)  # what 0.25 + x rounds away
            if name == "lse_rest" and given["listed_kind"] == abi.TOP:  # good as a probability: log of it may be anything near 0
                got, expected = (torch.exp(x - reference.lse_of_places) for x in (got, expected))
            if name in LISTED:
                if not torch.equal(torch.isfinite(got), torch.isfinite(expected)):
                    failures.append("%s: other entries are finite than those of present classes and counted rows" % name)
                    continue
                keep = torch.isfinite(expected)
                got, expected = got[keep], expected[keep]
            size, error = float(expected.norm()), float((got - expected).norm())
            errors[name] = error / size if size > 0 else error
            if not errors[name] <= bar:
                failures.append("%s: error %.3g (expected: at most %.3g)" % (name, errors[name], bar))
        failures += self.compare_top(given, out, reference, bars["statistics"])
        return errors, failures

    def compare_top(self, given, out, reference, bar):
        if "top_ids" not in out:
            return []
        counted = given["t"] != -100
        ids, logits = out["top_ids"], out["top_logits"].double()
        failures = []
        if not bool((ids[~counted] == -1).all()):
            failures.append("top_ids: a class on an ignored row")
        ids, logits, z = ids[counted], logits[counted], reference.z[counted]
        expected = z.topk(ids.shape[1]).values
        none = torch.isneginf(expected)
        if not torch.equal(ids < 0, none):
            failures.append("top_ids: -1 elsewhere than where no class is left")
        error = torch.where(none, 0.0, (logits - expected).abs()).max() if logits.numel() else torch.tensor(0.0)
        own = torch.where(none, 0.0, (z.gather(1, ids.clamp_min(0)) - logits).abs()).max() if logits.numel() else error
        slack = 10 * bar * (1 + float(torch.where(none, 0.0, expected).abs().max() if logits.numel() else 0))
        if not (float(error) <= slack and float(own) <= slack):
            failures.append("top: logits off by %.3g, of their ids by %.3g (expected: at most %.3g)" % (error, own, slack))
        return failures

    def padding(self, case, out):
        """Room between rows stays as it was."""
        failures = []
        for name in ("de", "dc") if case.strided else ():
            room = out[name].as_strided((out[name].shape[0], out[name].stride(0)), (out[name].stride(0), 1))
            if not bool(torch.isnan(room[:, out[name].shape[1]:]).all()):
                failures.append("%s: written between its rows" % name)
        return failures

    def run_case(self, case):
        given = problems.Maker(case, self.place).make()
        result = {"case": str(case), "failures": []}
        self.results.append(result)
        try:
            out = self.call(case, given)
            again = self.call(case, given)
        except abi.HeadroomError as refusal:
            if refusal.status == abi.UNSUPPORTED and self.place.device == abi.CPU:
                result["skipped"] = refusal.text
            else:
                result["failures"] = [str(refusal)]
            return
        except AssertionError as problem:
            result["failures"] = [str(problem)]
            return
        result["errors"], result["failures"] = self.compare(case, given, out, Reference(given, case.compute, out.get("top_ids")))
        result["failures"] += self.padding(case, out)
        result["failures"] += ["%s: other bits in a second call" % name for name in out if not same_bits(out[name], again[name])]
        for name, error in result["errors"].items():
            worst = self.worst.setdefault(case.compute, {})
            worst[name] = max(worst.get(name, 0.0), error)

    def promise(self, name, check):
        """A check beyond one call: a list of failures, or why it does not apply."""
        result = {"case": name, "failures": []}
        self.results.append(result)
        try:
            said = check()
        except abi.HeadroomError as refusal:
            said = [str(refusal)]
        if isinstance(said, str):
            result["skipped"] = said
        else:
            result["failures"] = said

    def run_all(self):
        for case in problems.cases(self.small, self.place.device == abi.CPU):
            self.run_case(case)
        for name, check in promises.of(self):
            self.promise(name, check)

    def run(self, report=print):
        """Whether all is right. A device that is lost ends it: nothing after that says anything."""
        try:
            self.run_all()
        except RuntimeError as lost:
            self.results[-1]["failures"] = ["%s; the checks behind it were not made" % (str(lost).splitlines() or [type(lost).__name__])[0]]
        for result in self.failures():
            report("FAILED %s: %s" % (result["case"], "; ".join(result["failures"])))
        for reason, count in collections.Counter(result["skipped"] for result in self.skipped()).items():
            report("left out %d: %s" % (count, reason))
        report("correctness: %d checks, %d failed, %d left out" % (len(self.results), len(self.failures()), len(self.skipped())))
        return not self.failures()
