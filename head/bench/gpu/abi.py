"""The C ABI of libheadroom.so, as in include/headroom.h, for torch tensors."""

import ctypes
import os
import re

import torch

ABI = 6
OK, INVALID, TARGET_RANGE, OUT_OF_MEMORY, UNSUPPORTED, INTERNAL = range(6)
FLOAT32, FLOAT16, BFLOAT16, INT32, INT64, TFLOAT32 = range(6)
CPU, CUDA = range(2)
AUTO, KEPT, RECOMPUTED = range(3)
SHARED, BY_ROW, TOP = range(3)
OWN_PRODUCTS = 2
ALIGNMENT = 256

TYPES = {torch.float32: FLOAT32, torch.float16: FLOAT16, torch.bfloat16: BFLOAT16,
         torch.int32: INT32, torch.int64: INT64}

Between = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.POINTER(ctypes.c_int64), ctypes.c_int64)

_POINTER, _LONG, _INT, _DOUBLE = ctypes.c_void_p, ctypes.c_int64, ctypes.c_int32, ctypes.c_double


def _fields(*groups):
    return [(name, kind) for kind, names in groups for name in names.split()]


class Head(ctypes.Structure):
    """struct headroom_head."""
    _fields_ = _fields(
        (_INT, "abi device"), (_POINTER, "stream blas"), (_LONG, "n d v"),
        (_POINTER, "e"), (_LONG, "e_stride"), (_POINTER, "c"), (_LONG, "c_stride"), (_POINTER, "b t"),
        (_INT, "e_dtype c_dtype t_dtype compute"), (_LONG, "ignore_index"),
        (_POINTER, "class_weight"), (_DOUBLE, "label_smoothing logit_scale soft_cap z_loss"),
        (_LONG, "soft_count"), (_POINTER, "soft_ids soft_weights"),
        (_POINTER, "r r_z u_lse u_entropy u_log_prob"),
        (_LONG, "listed_count listed_kind"),
        (_POINTER, "listed_ids listed_places listed_logits u_listed lse_rest u_rest"),
        (Between, "between"), (_POINTER, "between_context"),
        (_POINTER, "nll lse entropy squares variance smooth soft"),
        (_LONG, "top_count"), (_POINTER, "top_ids top_logits"),
        (_POINTER, "de"), (_LONG, "de_stride"), (_POINTER, "dc"), (_LONG, "dc_stride"), (_POINTER, "db"),
        (_INT, "add_dc filter_full_c"), (_DOUBLE, "filter_tau filter_mass"), (_POINTER, "dropped"),
        (_INT, "engine gemm threads stable_max"), (_POINTER, "workspace"), (_LONG, "workspace_bytes"),
        (_POINTER, "kept"), (_LONG, "kept_count"))


class Plan(ctypes.Structure):
    """struct headroom_plan."""
    _fields_ = _fields(
        (_INT, "engine gemm"),
        (_LONG, "chunk_rows tile_columns least_workspace_bytes used_workspace_bytes block_rows sum_step"),
        (_LONG, "second_cache_bytes third_cache_bytes"))

    def words(self):
        return {"engine": {KEPT: "kept", RECOMPUTED: "recomputed"}.get(self.engine, str(self.engine)),
                "chunk_rows": self.chunk_rows, "tile_columns": self.tile_columns,
                "workspace_bytes": self.used_workspace_bytes, "least_workspace_bytes": self.least_workspace_bytes}


class HeadroomError(Exception):
    """A status that is not OK, and the library's own words."""

    def __init__(self, status, text):
        super().__init__("status %d: %s" % (status, text))
        self.status = status
        self.text = text


class Place:
    """Where the calls run: a CUDA device, the emulation of one on this machine's memory, or the CPU rung."""

    def __init__(self, name):
        self.name = name
        self.on_gpu = name == "cuda"
        self.device = CPU if name == "cpu" else CUDA
        self.torch_device = torch.device("cuda" if self.on_gpu else "cpu")

    def stream(self):
        return torch.cuda.current_stream().cuda_stream if self.on_gpu else None

    def wait(self):
        if self.on_gpu:
            torch.cuda.synchronize()

    def workspace(self, size):
        """A tensor of so many bytes at an aligned address."""
        room = torch.empty(size + ALIGNMENT, dtype=torch.uint8, device=self.torch_device)
        shift = -room.data_ptr() % ALIGNMENT
        return room[shift:shift + size]


class Library:
    """libheadroom.so; every function raises HeadroomError where it is refused."""

    def __init__(self, path, place):
        self.path = os.path.abspath(path)
        self.place = place
        self._library = ctypes.CDLL(self.path)
        self._library.headroom_last_error.restype = ctypes.c_char_p
        self._library.headroom_version.restype = ctypes.c_char_p
        self.version = self._library.headroom_version().decode()
        self._check_abi()

    def _check_abi(self):
        try:
            self.plan(Head(abi=-1))
        except HeadroomError as refusal:
            told = re.search(r"abi: -1 \(expected: (\d+)\)", refusal.text)
            if told and int(told.group(1)) == ABI:
                return
            raise SystemExit("%s: %s (expected: a library of ABI %d)" % (self.path, refusal.text, ABI))
        raise SystemExit("%s: takes any ABI number (expected: a refusal of -1)" % self.path)

    def _call(self, name, *arguments):
        status = getattr(self._library, "headroom_" + name)(*arguments)
        if status != OK:
            raise HeadroomError(status, self._library.headroom_last_error().decode())

    def describe(self):
        text = ctypes.create_string_buffer(1 << 14)
        self._call("cuda_describe", text, _LONG(len(text)))
        return text.value.decode()

    def head(self, **values):
        """A call's struct; tensors become addresses, e, c, t, de and dc bring their sizes, strides and types along."""
        call = Head(abi=ABI, device=self.place.device, stream=self.place.stream(), ignore_index=-100,
                    logit_scale=1.0, threads=1 if self.place.device == CUDA else torch.get_num_threads())
        if self.place.device == CPU:
            call.gemm = OWN_PRODUCTS
        call.n, call.d = values["e"].shape
        call.v = values["c"].shape[0]
        for name, value in values.items():
            if isinstance(value, torch.Tensor):
                setattr(call, name, value.data_ptr())
                if name in ("e", "c", "de", "dc"):
                    setattr(call, name + "_stride", value.stride(0))
                if name in ("e", "c", "t"):
                    setattr(call, name + "_dtype", TYPES[value.dtype])
            elif value is not None:
                setattr(call, name, value)
        if values.get("workspace") is not None:
            call.workspace_bytes = values["workspace"].numel()
        call.held = values  # as long as the struct lives, what it points at does
        return call

    def plan(self, head):
        plan = Plan()
        self._call("head_plan", ctypes.byref(head), ctypes.byref(plan))
        return plan

    def forward(self, head):
        self._call("head_forward", ctypes.byref(head))

    def backward(self, head):
        self._call("head_backward", ctypes.byref(head))

    def forward_backward(self, head):
        self._call("head_forward_backward", ctypes.byref(head))

    def logits(self, head, z):
        self._call("head_logits", ctypes.byref(head), _POINTER(z.data_ptr()), _LONG(z.stride(0)))
