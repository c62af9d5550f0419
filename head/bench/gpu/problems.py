"""Inputs of the checks: random, of every option, from a seed."""

import dataclasses
import zlib

import torch

import abi

DTYPES = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}
COMPUTE = {"float32": abi.FLOAT32, "tfloat32": abi.TFLOAT32, "bfloat16": abi.BFLOAT16}
ENGINES = {"auto": abi.AUTO, "kept": abi.KEPT, "recomputed": abi.RECOMPUTED}


@dataclasses.dataclass(frozen=True)
class Case:
    """One call: what it is given, and by which way."""
    shape: tuple
    options: str = ""          # of OPTIONS
    compute: str = "float32"
    e: str = "float32"
    c: str = "float32"
    engine: str = "auto"
    passes: str = "both"       # both, separate (forward, then backward), between (r comes between the two)
    kept: bool = False         # the rows that are not ignored are told
    tight: bool = False        # the least workspace, so that there are several chunks
    strided: bool = False      # e, c, dE and dC have room between their rows
    adds: bool = False         # dC and dB are added to
    narrow: bool = False       # targets of int32

    def __str__(self):
        flags = [name for name in ("kept", "tight", "strided", "adds", "narrow") if getattr(self, name)]
        return " ".join(["%dx%dx%d" % self.shape, self.compute, "e=" + self.e, "c=" + self.c, self.engine, self.passes]
                        + flags + self.options.split())


OPTIONS = ("ignored", "bias", "scale", "cap", "stable", "weights", "smoothing", "z-loss", "soft", "listed", "own", "leaders", "top", "upstream")


class Maker:
    """Draws on the CPU, so that every place gets the same numbers."""

    def __init__(self, case, place):
        self.case = case
        self.place = place
        self.random = torch.Generator().manual_seed(zlib.crc32(str(case).encode()))

    def normal(self, *shape):
        return torch.randn(*shape, generator=self.random)

    def ints(self, high, *shape):
        return torch.randint(high, shape, generator=self.random)

    def matrix(self, rows, columns, scale, dtype):
        """Of rows that lie apart where the case says so."""
        room = torch.full((rows, columns + (5 if self.case.strided else 0)), torch.nan, dtype=DTYPES[dtype])
        room[:, :columns] = self.normal(rows, columns) * scale
        return room.to(self.place.torch_device)[:, :columns]

    def make(self):
        """The fields of the call that are inputs, as tensors of the place and numbers."""
        n, d, v = self.case.shape
        options = self.case.options.split()
        unknown = set(options) - set(OPTIONS)
        assert not unknown, unknown
        given = {"e": self.matrix(n, d, 1.0, self.case.e), "c": self.matrix(v, d, 2.0 / d ** 0.5, self.case.c),
                 "r": self.normal(n) / n}
        absent = self.absent_classes(v) if "bias" in options else torch.zeros(v, dtype=torch.bool)
        present = (~absent).nonzero().flatten()
        if "bias" in options:
            given["b"] = torch.where(absent, -torch.inf, self.normal(v))
        t = present[self.ints(len(present), n)]
        if "ignored" in options:
            t[self.ints(3, n) == 0] = -100
        given["t"] = t.int() if self.case.narrow else t
        for option in options:
            more = getattr(self, "option_" + option.replace("-", "_"), None)
            given.update(more(n, v, present) if more else {})
        return {name: value.to(self.place.torch_device) if isinstance(value, torch.Tensor) else value
                for name, value in given.items()}

    def absent_classes(self, v):
        """One in seven, and a stretch as long as the largest tile where there is room for it."""
        absent = self.ints(7, v) == 0
        absent[0] = False
        if v > 2 * 4096:
            absent[4096:2 * 4096] = True
        return absent

    def option_scale(self, n, v, present):
        return {"logit_scale": 0.75}

    def option_cap(self, n, v, present):
        return {"soft_cap": 3.0}

    def option_stable(self, n, v, present):
        return {"stable_max": 1}

    def option_weights(self, n, v, present):
        return {"class_weight": self.normal(v).abs() + 0.1}

    def option_smoothing(self, n, v, present):
        return {"label_smoothing": 0.1}

    def option_z_loss(self, n, v, present):
        return {"z_loss": 0.02, "r_z": self.normal(n) / n}

    def option_upstream(self, n, v, present):
        return {name: self.normal(n) / n for name in ("u_lse", "u_entropy", "u_log_prob")}

    def option_soft(self, n, v, present):
        k = 3
        ids = present[self.ints(len(present), n, k)]
        ids[self.ints(5, n, k) == 0] = -100
        return {"soft_count": k, "soft_ids": ids, "soft_weights": self.normal(n, k)}

    def lists(self, n, k):
        """Which rows have a list of k classes, and the gradients of its logits."""
        has = self.ints(3, n) > 0
        count = max(1, int(has.sum()))
        return {"listed_count": k, "listed_places": torch.where(has, has.cumsum(0) - 1, -1), "u_listed": self.normal(count, k) / n}

    def rest(self, lists):
        """The gradients of the log-sum-exp over what a row does not list."""
        count = len(lists["u_listed"])
        return {"u_rest": self.normal(count) / max(1, len(lists["listed_places"]))}

    def option_listed(self, n, v, present):
        ids = torch.arange(v)[self.ints(3, v) == 0][:20]
        ids = torch.cat([ids, torch.tensor([v - 1])]).unique()
        return dict(self.lists(n, len(ids)), listed_kind=abi.SHARED, listed_ids=ids)

    def option_own(self, n, v, present):
        """Classes of each row's own, in any order, some places of a list empty."""
        k = min(6, v)
        lists = self.lists(n, k)
        ids = torch.stack([torch.randperm(v, generator=self.random)[:k] for _ in lists["u_listed"]])
        ids[self.ints(6, *ids.shape) == 0] = -1
        return dict(lists, **self.rest(lists), listed_kind=abi.BY_ROW, listed_ids=ids)

    def option_leaders(self, n, v, present):
        """The row's largest logits are its list."""
        lists = self.lists(n, min(3, v))
        return dict(lists, **self.rest(lists), **self.option_top(n, v, present), listed_kind=abi.TOP)

    def option_top(self, n, v, present):
        return {"top_count": min(5, v)}


def outputs(case, given, place):
    """Poisoned outputs of the call: NaN, and ids that no class has."""
    n, d, v = case.shape
    device = place.torch_device

    def floats(*shape):
        return torch.full(shape, torch.nan, device=device)

    def gradient(rows):
        return floats(rows, d + (3 if case.strided else 0))[:, :d]

    out = {name: floats(n) for name in ("nll", "lse", "entropy", "squares", "variance")}
    if "smoothing" in case.options.split():
        out["smooth"] = floats(n)
    if "soft_ids" in given:
        out["soft"] = floats(n)
    if "top_count" in given:
        out["top_logits"] = floats(n, given["top_count"])
        out["top_ids"] = torch.full((n, given["top_count"]), -7777, dtype=torch.int64, device=device)
    if "listed_ids" in given:
        out["listed_logits"] = torch.full_like(given["u_listed"], torch.nan)
    if "u_rest" in given:
        out["lse_rest"] = torch.full_like(given["u_rest"], torch.nan)
    if given.get("filter_tau") or given.get("filter_mass"):
        out["dropped"] = floats(n)
    out.update(de=gradient(n), dc=gradient(v), db=floats(v))
    if case.adds:
        out["dc"].fill_(0.25)
        out["db"].fill_(-0.5)
    return out


def cases(small, on_cpu):
    """All cases; `small` ones for a place that is slow. The CPU rung knows no arrays of bfloat16."""
    brain = "float32" if on_cpu else "bfloat16"
    shapes = [(1, 1, 2), (5, 3, 7), (21, 33, 449), (19, 24, 4097)]
    wide = (18, 20, 8500)
    if not small:
        shapes += [(270, 72, 4097), (131, 136, 9001)]
        wide = (300, 72, 13001)
    every = "ignored bias scale weights smoothing z-loss listed top upstream"
    own, leaders = every.replace("listed", "own"), every.replace("listed top", "leaders")
    sets = ["", "ignored", "bias", "ignored weights smoothing", "z-loss scale", "cap bias", "stable", "soft", "listed bias",
            "own bias", "leaders bias", "top", "upstream", every, every + " cap", every + " stable", every + " soft", every + " soft cap",
            own, own + " cap", leaders, leaders + " soft"]
    made = []
    ways = [(compute, engine) for compute in ("float32", "tfloat32", "bfloat16") for engine in ("kept", "recomputed")]
    for at, options in enumerate(sets):
        for way, (compute, engine) in enumerate(ways):
            kind = brain if compute == "bfloat16" else "float32"
            made.append(Case(shapes[(at + way) % len(shapes)], options, compute, kind, kind, engine))
    for e in DTYPES:
        for c in DTYPES:
            for compute in ("float32", "bfloat16"):
                made.append(Case(shapes[-1], "ignored", compute, e, c, kept=e == "float16"))
    for compute, kind in (("float32", "float32"), ("bfloat16", brain)):
        for engine in ("kept", "recomputed"):
            for kept in (False, True):
                made.append(Case(wide, every + " cap", compute, kind, kind, engine, kept=kept, tight=True))
                made.append(Case(wide, leaders if kept else own, compute, kind, kind, engine, kept=kept, tight=True))
                made.append(Case(wide, every + " soft", compute, kind, kind, engine, kept=kept, strided=True, adds=True))
        made += [Case(wide, options, compute, kind, kind, passes="separate", kept=options == own, tight=True)
                 for options in (every, own, leaders)]
        made += [Case(wide, every, compute, kind, kind, passes="between", kept=kept, tight=True, narrow=True)
                 for kept in (False, True)]
    if not small:
        medium = (1031, 520, 32003)
        made += [Case(medium, "ignored", compute, kind, kind) for compute, kind in
                 (("float32", "float32"), ("tfloat32", "float32"), ("bfloat16", brain), ("bfloat16", "float32"))]
        made += [Case(medium, every + " cap", "bfloat16", brain, brain, kept=True, tight=tight) for tight in (False, True)]
        made.append(Case((2048, 1024, 50257), "bias smoothing z-loss", "bfloat16", brain, brain))
    return list(dict.fromkeys(made))
