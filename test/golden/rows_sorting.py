"""Sorting: orders, ranks, quantiles, and what is unique."""
import torch

from mapping import row, same
from samples import INF, b, bv, f, i, iv, u, v

NAN = float("nan")


def apart(args, kwargs):
    """Which of equal elements is meant PyTorch leaves open; among integers there are some."""
    return args[0].is_floating_point()


def flags(args, kwargs):
    """Positions of unique's flags have no counterpart: they are options."""
    names = ("sorted", "return_inverse", "return_counts", "dim")
    return args[:1], {**dict(zip(names, args[1:])), **kwargs}


def some(result):
    return result if isinstance(result, torch.Tensor) else tuple(result)


same("sorting", "sort argsort msort")
same("sorting", "topk", keep=apart)
same("sorting", "kthvalue mode", keep=apart)
row("sorting", "median", "median", keep=apart)
row("sorting", "nanmedian", "nanmedian", keep=apart)
same("sorting", "quantile nanquantile")
row("sorting", "unique", None, fn=lambda x, **kw: some(torch.unique(x, **kw)), adapt=flags)
row("sorting", "uniqueConsecutive", None, fn=lambda x, **kw: some(torch.unique_consecutive(x, **kw)), adapt=flags)


def own():
    s = {}

    def add(name, *args, **kwargs):
        s.setdefault(name, []).append((args, kwargs))

    ties = [2.0, -1.0, 2.0, NAN, -0.0, 0.0, INF, -1.0, NAN, -INF, 2.0]
    for name, grad in (("sort", True), ("argsort", False)):
        add(name, f(3, 4, grad=grad))
        add(name, f(2, 5, 3, grad=grad), 1, descending=True)
        add(name, f(2, 3, grad=grad), -2)
        for descending in (False, True):
            add(name, v(*ties, grad=grad), stable=True, dim=0, descending=descending)
            add(name, iv(3, -1, 3, 2, -1, 0), stable=True, descending=descending)
            add(name, b(2, 5), stable=True, dim=1, descending=descending)
            add(name, u(9), stable=True, dim=-1, descending=descending)
        add(name, f(grad=grad))
        add(name, f(2, 0, grad=grad), 1)
        add(name, f(2, 0, grad=grad), 0)
        add(name, f(300, grad=grad), stable=True, dim=0)
    add("msort", f(4))
    add("msort", f(4, 3))
    add("msort", f())
    add("msort", f(0, 2))
    add("msort", i(5, 2))
    for args in ((3,), (2, 0), (1, -2, False), (3, 1, True, True)):
        add("topk", f(3, 4), *args)
    add("topk", f(2, 5), 2, dim=1, largest=False)
    add("topk", f(40), 40)
    add("topk", f(), 1)
    add("topk", f(2, 3), 0)
    add("topk", v(1.0, NAN, 3.0, INF), 2)
    add("topk", v(1.0, NAN, 3.0, -INF), 2, largest=False)
    add("topk", iv(3, -1, 4, 2), 2)
    add("topk", torch.tensor([3, 200, 4, 2], dtype=torch.uint8), 3)
    for k in (1, 3, 5):
        add("kthvalue", f(2, 5), k)
        add("kthvalue", f(5, 2), k, 0, True)
    add("kthvalue", f(), 1)
    add("kthvalue", f(3, 0), 1, 0)
    add("kthvalue", v(1.0, NAN, 3.0), 3)
    add("kthvalue", iv(3, -1, 4, 2), 2, keepdim=True)
    for name in ("median", "nanmedian"):
        add(name, f(5))
        add(name, f(2, 3))
        add(name, f(2, 4), 1)
        add(name, f(5, 2), 0, True)
        add(name, f(3, 4), dim=-2, keepdim=True)
        add(name, f())
        add(name, f(), 0)
        add(name, f(0))
        add(name, v(2.0, 1.0, 2.0, 3.0, 2.0))
        add(name, v(1.0, 1.0, 4.0, 4.0))
        add(name, v(NAN, 2.0, 1.0, NAN, 5.0, grad=False))
        add(name, v(4.0, NAN, 1.0), 0)
        add(name, v(NAN, NAN, grad=False))
        add(name, torch.tensor([[4.0, NAN, 1.0, 2.0], [NAN, 7.0, NAN, NAN]]), 1)
        add(name, iv(3, -1, 4, 2))
        add(name, iv(3, -1, 4, 2), 0)
        add(name, f(2, 0), 0)
    for args in ((), (0,), (-1, True)):
        add("mode", f(3, 5), *args)
    tied = torch.tensor([[2.0, 1.0, 2.0, 1.0, 3.0], [0.0, 5.0, 4.0, 4.0, 0.0]])
    add("mode", tied.clone().requires_grad_())
    add("mode", tied.clone().requires_grad_(), 0)
    add("mode", iv(3, -1, 3, 2, -1, 0, -1))
    add("mode", i(3, 4, lo=0, hi=2), 1)
    add("mode", f())
    add("mode", f(3, 0), 0)
    for name in ("quantile", "nanquantile"):
        for mode in ("linear", "lower", "higher", "midpoint", "nearest"):
            add(name, f(6), 0.3, interpolation=mode)
            add(name, f(3, 5), torch.tensor([0.0, 0.5, 0.75, 1.0]), 1, interpolation=mode)
        add(name, f(2, 3), 0.5)
        add(name, f(2, 3), 0.5, keepdim=True)
        add(name, f(2, 3, 2), torch.tensor([0.25, 0.9]), dim=1, keepdim=True)
        add(name, f(4, 2), torch.tensor([0.2, 0.6]), dim=0)
        add(name, f(4, 2), torch.tensor(0.6), dim=-2)
        add(name, f(4, 2), torch.tensor([0.2, 0.6]).requires_grad_(), dim=0)
        add(name, f(4), torch.tensor([]))
        add(name, f(), 0.5)
        add(name, torch.tensor([[4.0, NAN, 1.0, 2.0], [1.0, 7.0, 3.0, 2.5], [NAN] * 4]), 0.3, 1)
        add(name, torch.tensor([4.0, NAN, 1.0, 2.0]), 0.3)
    for name in ("unique", "uniqueConsecutive"):
        add(name, iv(3, 1, 1, 2, 3, 3))
        add(name, v(2.0, -1.0, -1.0, 2.0, 0.5, grad=False))
        add(name, i(3, 4, lo=0, hi=4), return_inverse=True)
        add(name, i(3, 4, lo=0, hi=3), return_counts=True)
        add(name, i(3, 4, lo=0, hi=3), return_inverse=True, return_counts=True)
        add(name, bv(True, True, False, True), return_inverse=True, return_counts=True)
        add(name, u(8), return_counts=True)
        add(name, torch.tensor([[1, 2], [1, 2], [0, 5], [1, 2], [0, 5]]), dim=0, return_inverse=True, return_counts=True)
        add(name, torch.tensor([[1.0, 0.0, 0.0, 1.0], [2.0, 3.0, 3.0, 2.0]]), dim=1, return_inverse=True, return_counts=True)
        add(name, i(2, 6, 2, lo=0, hi=2), dim=-2)
        add(name, i(0), return_inverse=True, return_counts=True)
        add(name, torch.tensor(4), return_inverse=True, return_counts=True)
        add(name, i(2, 0, 3), return_counts=True)
        add(name, i(2, 0), dim=0)
        add(name, i(0, 2), dim=0, return_inverse=True)
    add("unique", iv(3, 1, 1, 2), sorted=True)
    return s


def throws():
    s = {}

    def add(name, *args, **kwargs):
        s.setdefault(name, []).append((args, kwargs))

    x = torch.ones(2, 3)
    for name in "sort argsort mode median nanmedian".split():
        add(name, x, 2)
    for name in "sort argsort".split():
        add(name, x, -3)
        add(name, x, 0.5)
    for args in ((4,), (-1,), (3, 0), (1, 2), (1.5,)):
        add("topk", x, *args)
        add("kthvalue", x, *args)
    add("kthvalue", x, 0)
    for name in ("median", "nanmedian", "mode"):
        add(name, torch.ones(2, 0), 1)
    for name in ("quantile", "nanquantile"):
        add(name, x, 1.5)
        add(name, x, -0.1)
        add(name, x, torch.ones(1, 1))
        add(name, x, 0.5, 2)
        add(name, x, 0.5, interpolation="cubic")
        add(name, torch.ones(0), 0.5)
        add(name, torch.ones(2, 3, dtype=torch.int64), 0.5)
        add(name, x, torch.ones(1, dtype=torch.int64))
    for name in ("unique", "uniqueConsecutive"):
        add(name, x, dim=2)
    return s
