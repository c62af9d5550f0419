"""The head in float64 by autograd: the formula of include/headroom.h from its losses, not from its gradients."""

import torch

import abi

ROUNDED = {"bfloat16": torch.bfloat16}  # compute types whose operands are rounded before the products


def operand(x, compute):
    """What the products see of x, in float64."""
    return x.to(ROUNDED.get(compute, x.dtype)).double()


def absent_classes(b, v, device):
    return torch.zeros(v, dtype=torch.bool, device=device) if b is None else torch.isneginf(b)


def transform(a, given):
    """The logits z of the products with their bias."""
    s = a * given.get("logit_scale", 1.0)
    if given.get("soft_cap"):
        return given["soft_cap"] * torch.tanh(s / given["soft_cap"])
    if given.get("stable_max"):
        return torch.sign(s) * torch.log1p(s.abs())
    return s


class Reference:
    """All outputs of a call with these inputs, as float64 tensors in `outputs`; rows that are left out are 0.

    Where a row's largest logits are its list, top_ids are those that were found: of nearly equal ones any may come first.
    Absent classes never enter the sums: z is formed for the present ones, and columns are numbered among them.
    """

    def __init__(self, given, compute, top_ids=None):
        self.given = given
        self.top_ids = top_ids
        self.rows = (given["t"] != -100).nonzero().flatten()
        self.e = operand(given["e"], compute).requires_grad_()
        self.c = operand(given["c"], compute).requires_grad_()
        self.n, self.v = self.e.shape[0], self.c.shape[0]
        device = self.e.device
        bias = given.get("b")
        absent = absent_classes(bias, self.v, device)
        self.present = (~absent).nonzero().flatten()
        self.column = torch.full((self.v,), -1, device=device).scatter(
            0, self.present, torch.arange(len(self.present), device=device))
        self.b = torch.where(absent, 0.0, 0.0 if bias is None else bias.double()).requires_grad_()
        self.outputs = {}
        self._run()

    def _of_rows(self, name):
        value = self.given.get(name)
        return None if value is None else value[self.rows].double()

    def _whole(self, values):
        return torch.zeros((self.n,), dtype=torch.float64, device=values.device).index_copy(0, self.rows, values.detach())

    def _run(self):
        products = self.e[self.rows] @ self.c[self.present].T + self.b[self.present]
        z = transform(products, self.given)
        loss = self._loss(z)
        gradients = torch.autograd.grad(loss, (self.e, self.c, self.b), allow_unused=True)
        for name, at, gradient in zip(("de", "dc", "db"), (self.e, self.c, self.b), gradients):
            self.outputs[name] = torch.zeros_like(at) if gradient is None else gradient
        full = torch.full((self.n, self.v), -torch.inf, dtype=torch.float64, device=z.device)
        full[self.rows[:, None], self.present[None, :]] = z.detach()
        self.z = full

    def _loss(self, z):
        given, out = self.given, self.outputs
        t = self.column[given["t"][self.rows].long()]
        weight = torch.ones(self.v, dtype=torch.float64, device=z.device)
        if given.get("class_weight") is not None:
            weight = given["class_weight"].double()
        of_target = weight[given["t"][self.rows].long()]
        weight = weight[self.present]
        lse = torch.logsumexp(z, 1)
        log_p = z - lse[:, None]
        p = log_p.exp()
        nll = lse - z.gather(1, t[:, None])[:, 0]
        entropy = -(p * log_p).sum(1)
        out.update(nll=self._whole(nll), lse=self._whole(lse), entropy=self._whole(entropy),
                   squares=self._whole((p * p).sum(1)),
                   variance=self._whole((p * (log_p + entropy[:, None]) ** 2).sum(1)))
        term = of_target * nll
        if given.get("soft_ids") is not None:
            term = self._soft(z, lse)
            out["soft"] = self._whole(term)
        eps = given.get("label_smoothing", 0.0)
        if eps:
            smooth = (weight.sum() * lse - z @ weight) / len(self.present)
            out["smooth"] = self._whole(smooth)
            term = (1 - eps) * term + eps * smooth
        loss = (self._of_rows("r") * term).sum()
        for name, value in (("r_z", given.get("z_loss", 0.0) * lse ** 2), ("u_lse", lse),
                            ("u_entropy", entropy), ("u_log_prob", -nll)):
            if given.get(name) is not None:
                loss = loss + (self._of_rows(name) * value).sum()
        return loss + self._listed(z)

    def _soft(self, z, lse):
        ids = self.given["soft_ids"][self.rows]
        q = torch.where(ids == -100, 0.0, self.given["soft_weights"][self.rows].double())
        return (q * (lse[:, None] - z.gather(1, self.column[ids.clamp_min(0)].clamp_min(0)))).sum(1)

    def _listed(self, z):
        """The logits of the rows' lists and the log-sum-exp of the rest, NaN where nothing writes them; the loss of both."""
        given = self.given
        if not given.get("listed_count"):
            return 0.0
        places = given["listed_places"][self.rows]
        rows = (places >= 0).nonzero().flatten()
        places, z = places[rows], z[rows]
        columns = self._listed_columns(rows, places)
        named = columns >= 0
        values = torch.where(named, z.gather(1, columns.clamp_min(0)), -torch.inf)
        loss = torch.where(named, given["u_listed"][places].double() * values, 0.0).sum()
        self._lay_out("listed_logits", given["u_listed"].shape, places, values)
        if given.get("u_rest") is None:
            return loss
        listed = torch.zeros_like(z).scatter_add(1, columns.clamp_min(0), named.double()) > 0
        some = ~listed.all(1)
        rest = torch.full((len(z),), -torch.inf, dtype=torch.float64, device=z.device)
        rest[some] = torch.logsumexp(z[some].masked_fill(listed[some], -torch.inf), 1)
        self._lay_out("lse_rest", given["u_rest"].shape, places, rest)
        self.lse_of_places = torch.zeros_like(self.outputs["lse_rest"])
        self.lse_of_places[places] = torch.logsumexp(z.detach(), 1)
        return loss + (given["u_rest"][places[some]].double() * rest[some]).sum()

    def _listed_columns(self, rows, places):
        """Of each row with a list, among the present classes; -1 where none is listed, or an absent one."""
        given, kind = self.given, self.given["listed_kind"]
        if kind == abi.TOP:
            ids = self.top_ids[self.rows[rows], :given["listed_count"]]
        else:
            ids = given["listed_ids"].expand(len(rows), -1) if kind == abi.SHARED else given["listed_ids"][places]
        return torch.where(ids >= 0, self.column[ids.clamp_min(0)], -1)

    def _lay_out(self, name, shape, places, values):
        self.outputs[name] = torch.full(shape, torch.nan, dtype=torch.float64, device=values.device)
        self.outputs[name][places] = values.detach()
