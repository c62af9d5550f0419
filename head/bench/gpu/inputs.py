"""Inputs of the timings, and what is right for some of their rows and classes, in float64."""

import torch

SHAPES = ((8192, 4096, 128256), (8192, 2304, 256000), (4096, 4096, 131072), (16384, 2048, 151936), (2048, 5120, 152064))
TINY = ((48, 16, 700), (32, 24, 5000))
SAMPLE = 64


class Inputs:
    """e, c (bfloat16) and t of a shape.

    random: e of N(0,1), c of N(0,1/D), targets of equal chance.
    peaked: as a trained model's. Unit 0 of e is 1 and that of class v is -log(1 + its rank), so that the classes' prior
    is Zipf's; targets are drawn from it; and to e is added 6 |N(0,1)| times the rest of the target's row of c (of norm
    about 1), which raises its logit by as much: some rows are sure of their target, some are not.
    """

    def __init__(self, shape, peaked, device):
        self.shape, self.peaked = shape, peaked
        n, d, v = shape
        random = torch.Generator(device).manual_seed(20)
        e = torch.randn(n, d, generator=random, device=device)
        c = torch.randn(v, d, generator=random, device=device) / d ** 0.5
        if peaked:
            rank = torch.randperm(v, generator=random, device=device)
            t = torch.multinomial(1 / (1.0 + rank), n, replacement=True, generator=random)
            c[:, 0] = -torch.log1p(rank.float())
            e += 6 * torch.randn(n, 1, generator=random, device=device).abs() * c[t]
            e[:, 0] = 1
        else:
            t = torch.randint(v, (n,), generator=random, device=device)
        self.e, self.c, self.t = e.bfloat16(), c.bfloat16(), t

    def name(self):
        return "%d x %d x %d, %s" % (self.shape + ("peaked" if self.peaked else "random",))


def norm_error(got, expected):
    return float((got.double() - expected).norm() / expected.norm())


def cosine(got, expected):
    return float((got.double() * expected).sum() / (got.double().norm() * expected.norm()))


class Truth:
    """nll and dE of some rows, dC of some classes, for the mean loss; dC takes the rows' lse as the head gave them."""

    def __init__(self, inputs, lse):
        n, d, v = inputs.shape
        device = inputs.e.device
        random = torch.Generator(device).manual_seed(21)
        self.rows = torch.randperm(n, generator=random, device=device)[:SAMPLE]
        others = torch.randperm(v, generator=random, device=device)[:SAMPLE]
        self.classes = torch.cat([inputs.t[self.rows], others]).unique()
        self._rows(inputs)
        e = inputs.e.double()
        p = torch.exp(e @ inputs.c[self.classes].double().T - lse.double()[:, None])
        p -= (inputs.t[:, None] == self.classes).double()
        self.dc = p.T @ e / n

    def _rows(self, inputs, step=16384):
        """By stretches of classes: c in float64 would not fit everywhere."""
        n, d, v = inputs.shape
        e, t = inputs.e[self.rows].double(), inputs.t[self.rows]
        z = torch.cat([e @ inputs.c[begin:begin + step].double().T for begin in range(0, v, step)], 1)
        lse = torch.logsumexp(z, 1)
        self.nll = lse - z.gather(1, t[:, None])[:, 0]
        g = torch.exp(z - lse[:, None])
        g[torch.arange(len(t), device=t.device), t] -= 1
        self.de = sum(g[:, begin:begin + step] @ inputs.c[begin:begin + step].double() for begin in range(0, v, step)) / n

    def errors(self, de, dc, nll=None):
        errors = {}
        for name, got, expected in (("dE", de[self.rows], self.de), ("dC", dc[self.classes], self.dc)):
            errors[name], errors["cosine of " + name] = norm_error(got, expected), cosine(got, expected)
        if nll is not None:
            errors["loss"] = norm_error(nll[self.rows], self.nll)
        return errors
