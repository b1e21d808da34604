"""From PyTorch values to the fixture format described at the top of loader.ts."""
import gzip
import json
import math

import torch

DTYPES = {torch.float32: "float32", torch.float64: "float64", torch.int64: "int32", torch.int32: "int32", torch.bool: "bool", torch.uint8: "uint8"}


class Unexpressible(Exception):
    """A value that our dtypes or our calling convention cannot hold."""


def tree_map(x, on_tensor):
    if isinstance(x, torch.Tensor):
        return on_tensor(x)
    if isinstance(x, (list, tuple)):
        return [tree_map(y, on_tensor) for y in x]
    if isinstance(x, dict):
        return {k: tree_map(y, on_tensor) for k, y in x.items()}
    return x


def round_digits(t, digits):
    """Keep that many significant decimal digits: short text, and the domain (0, 1) or > 0 is kept."""
    return torch.tensor([float(f"%.{digits - 1}e" % x) for x in t.reshape(-1).tolist()], dtype=torch.float64).reshape(t.shape)


def number(x, digits=None):
    if isinstance(x, bool):
        return int(x)
    if isinstance(x, int):
        return x
    if math.isnan(x):
        return "NaN"
    if math.isinf(x):
        return "Infinity" if x > 0 else "-Infinity"
    if digits is not None:
        x = float(f"%.{digits - 1}e" % x)
        if x == 0:
            x = 0.0
    return int(x) if x.is_integer() and abs(x) < 1e15 and not (x == 0 and math.copysign(1, x) < 0) else x


def flat(t, digits=None):
    """The elements; a float32 tensor as the shortest decimals that round to it."""
    if t.dtype == torch.float32:
        return [number(float(str(x))) for x in t.detach().reshape(-1).numpy()]
    return [number(x, digits) for x in t.detach().reshape(-1).tolist()]


def tensor_entry(t, digits=None):
    if t.dtype not in DTYPES:
        raise Unexpressible(str(t.dtype))
    if t.dtype == torch.int64 and t.numel() and not -(2**31) <= int(t.min()) <= int(t.max()) < 2**31:
        raise Unexpressible("beyond int32")
    return {"shape": list(t.shape), "dtype": DTYPES[t.dtype], "data": flat(t, digits)}


class Encoder:
    """Turns an argument tree into JSON with references into one table of tensors."""

    def __init__(self):
        self.tensors, self.keys, self.table = [], {}, []

    def tensor(self, t):
        if id(t) not in self.keys:
            self.keys[id(t)] = len(self.tensors)
            entry = tensor_entry(t)
            if t.requires_grad:
                entry["grad"] = True
            self.table.append(entry)
            self.tensors.append(t)
        return {"t": self.keys[id(t)]}

    def value(self, x):
        if isinstance(x, torch.Tensor):
            return self.tensor(x)
        if isinstance(x, torch.dtype):
            if x not in DTYPES:
                raise Unexpressible(str(x))
            return DTYPES[x]
        if isinstance(x, slice):
            return {"slice": [x.start, x.stop, x.step]}
        if x is Ellipsis:
            return {"ellipsis": True}
        if x is None or isinstance(x, (bool, str)):
            return x
        if isinstance(x, (int, float)):
            n = number(x)
            return {"f": n} if isinstance(n, str) else n
        if isinstance(x, (list, tuple)):
            return [self.value(y) for y in x]
        raise Unexpressible(type(x).__name__)

    def call(self, name, args, kwargs, camel):
        """The wengert call: positional arguments, then one options object when there is any keyword."""
        encoded = {"op": name, "args": [self.value(a) for a in args]}
        while encoded["args"] and encoded["args"][-1] is None:
            encoded["args"].pop()
        options = {camel(k): self.value(x) for k, x in kwargs.items() if k != "device" and x is not None}
        if options:
            encoded["options"] = options
        encoded["tensors"] = self.table
        return encoded


def integer_scalar_trap(args, kwargs, tensors):
    """2.0 and 2 are one number in JavaScript but promote integer tensors differently."""
    if any(t.dtype.is_floating_point for t in tensors):
        return False
    return any(isinstance(a, float) and a.is_integer() for a in [*args, *kwargs.values()])


def write_json_gz(path, value):
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    with open(path, "wb") as out, gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=out, mtime=0) as packed:
        packed.write(text.encode())
    return len(text)
