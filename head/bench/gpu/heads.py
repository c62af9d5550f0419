"""What is timed: Headroom's head, the bare products, and the heads of others.

A head has run(), which forms loss, dE and dC once; after it mean_loss() and gradients(). clear() drops what the next run
makes anew. Making one may raise ImportError or another refusal: that is a result.
"""

import importlib

import torch

import abi

F = torch.nn.functional
MIB = 1 << 20


class Headroom:
    """The library's own: BFLOAT16 products, dE and dC in float32."""

    def __init__(self, library, inputs, workspace_bytes, engine=abi.AUTO, filter_mass=0.0, wide=False):
        n, d, v = inputs.shape
        device = inputs.e.device
        self.nll, self.lse = torch.empty(2, n, device=device)
        self.de, self.dc = torch.empty(n, d, device=device), torch.empty(v, d, device=device)
        self.dropped = torch.empty(n, device=device) if filter_mass else None
        self.library = library
        call = {} if library.place.device == abi.CPU else {"kept": torch.arange(n, device=device), "kept_count": n}
        if library.place.device == abi.CPU:
            e, c = inputs.e.float(), inputs.c.float()
        else:
            e, c = inputs.e, inputs.c.float() if wide else inputs.c
        self.head = library.head(e=e, c=c, t=inputs.t, r=torch.full((n,), 1.0 / n, device=device), nll=self.nll, lse=self.lse,
                                 de=self.de, dc=self.dc, compute=abi.BFLOAT16, engine=engine, filter_mass=filter_mass,
                                 dropped=self.dropped, workspace=library.place.workspace(workspace_bytes), **call)
        self.plan = library.plan(self.head)
        self.parameter_bytes = c.nbytes if c is not inputs.c else 0

    def run(self):
        self.head.stream = self.library.place.stream()
        self.library.forward_backward(self.head)

    def mean_loss(self):
        return float(self.nll.double().mean())

    def gradients(self):
        return self.de, self.dc

    def clear(self):
        pass


class Products:
    """The three products alone, bfloat16 in, in chunks of so many rows: logits, dE, dC (added up over chunks).

    columns: of a tile; None for all classes at once. out: torch's own bfloat16, or float32 where its mm can.
    """

    def __init__(self, inputs, rows, columns=None, out=torch.bfloat16):
        n, d, v = inputs.shape
        device = inputs.e.device
        self.inputs, self.rows, self.columns = inputs, min(rows, n), min(columns or v, v)
        self.typed = {} if out == torch.bfloat16 else {"out_dtype": out}
        self.z = torch.empty(self.rows * self.columns, dtype=out, device=device)
        self.g = (torch.randn(self.rows, v, device=device) / v).bfloat16()
        self.de, self.dc = torch.empty(n, d, dtype=out, device=device), torch.empty(v, d, dtype=out, device=device)

    def run(self):
        n, d, v = self.inputs.shape
        for first in range(0, n, self.rows):
            e = self.inputs.e[first:first + self.rows]
            de = self.de[first:first + self.rows]
            for begin in range(0, v, self.columns):
                c = self.inputs.c[begin:begin + self.columns]
                z = self.z[:len(e) * len(c)].view(len(e), len(c))
                g = self.g[:len(e), begin:begin + self.columns]
                torch.mm(e, c.T, out=z, **self.typed)
                self.product(de, g, c, begin > 0)
                self.product(self.dc[begin:begin + self.columns], g.T, e, first > 0)

    def product(self, to, a, b, adds):
        if adds:
            torch.addmm(to, a, b, out=to, **self.typed)
        else:
            torch.mm(a, b, out=to, **self.typed)

    def mean_loss(self):
        return None

    def gradients(self):
        return None

    def clear(self):
        pass


class Square:
    """One large product, for the rate that this device reaches."""
    SIDE = 8192

    def __init__(self, inputs, side=SIDE):
        self.side = side
        self.a, self.b = (torch.randn(side, side, device=inputs.e.device).bfloat16() for _ in range(2))
        self.out = torch.empty_like(self.a)

    def run(self):
        torch.mm(self.a, self.b, out=self.out)

    def mean_loss(self):
        return None

    def gradients(self):
        return None

    def clear(self):
        pass


class Peer:
    """A head of others, as a function of e, c and t that autograd goes through."""

    def __init__(self, inputs, loss):
        self.e, self.c = (x.detach().requires_grad_() for x in (inputs.e, inputs.c))
        self.t, self.loss = inputs.t, loss
        self.value = None

    def run(self):
        self.value = self.loss(self.e, self.c, self.t)
        self.value.backward()

    def mean_loss(self):
        return float(self.value.detach())

    def gradients(self):
        return self.e.grad, self.c.grad

    def clear(self):
        self.e.grad = self.c.grad = self.value = None


def upcast_loss(e, c, t):
    return F.cross_entropy(F.linear(e, c).float(), t)


def torch_plain():
    return lambda e, c, t: F.cross_entropy(F.linear(e, c), t)


def torch_upcast():
    return upcast_loss


def torch_compiled():
    return torch.compile(upcast_loss, dynamic=False)


def torch_linear():
    return torch_linear_of(lambda make: make())


def torch_linear_of(options):
    if not hasattr(F, "linear_cross_entropy"):
        raise ImportError("no linear_cross_entropy in torch " + torch.__version__)
    chosen = options(torch.nn.LinearCrossEntropyOptions)
    return lambda e, c, t: F.linear_cross_entropy(e, c, t, options=chosen)


def cut(impl):
    module = importlib.import_module("cut_cross_entropy")
    return lambda e, c, t: module.linear_cross_entropy(e, c, t, impl=impl)


def liger():
    module = importlib.import_module("liger_kernel.transformers.fused_linear_cross_entropy")
    head = module.LigerFusedLinearCrossEntropyLoss()
    return lambda e, c, t: head(c, e, t)


def quack():
    module = importlib.import_module("quack.linear_cross_entropy")
    return lambda e, c, t: module.chunked_linear_cross_entropy(e, c, t)


PEERS = {"torch ce, bf16 logits": torch_plain, "torch ce, f32 logits": torch_upcast, "torch.compile of ce, f32 logits": torch_compiled,
         "torch linear_cross_entropy": torch_linear, "cut_cross_entropy cce": lambda: cut("cce"),
         "cut_cross_entropy cce_exact": lambda: cut("cce_exact"), "liger_kernel": liger, "quack": quack}


def all_heads(library, inputs):
    """Name to maker. The products' chunks are those of the first of Headroom's calls."""
    plan = {}

    def first():
        head = Headroom(library, inputs, 1280 * MIB)
        plan.update(rows=head.plan.chunk_rows, columns=head.plan.tile_columns)
        return head

    square = 256 if inputs.shape[0] < 1024 else Square.SIDE
    made = {"product": lambda: Square(inputs, square),
            "headroom": first,
            "headroom, 256 MiB": lambda: Headroom(library, inputs, 256 * MIB),
            "headroom, recomputed": lambda: Headroom(library, inputs, 1280 * MIB, abi.RECOMPUTED),
            "headroom, filter": lambda: Headroom(library, inputs, 1280 * MIB, filter_mass=0.01)}
    if not inputs.peaked:
        made["headroom, c of float32"] = lambda: Headroom(library, inputs, 1280 * MIB, wide=True)
    made.update({"three products": lambda: Products(inputs, plan["rows"]),
                 "three products, tiles": lambda: Products(inputs, plan["rows"], plan["columns"]),
                 "three products, f32 out": lambda: Products(inputs, plan["rows"], out=torch.float32)})
    made.update({name: lambda peer=peer: Peer(inputs, peer()) for name, peer in PEERS.items()})
    return made
