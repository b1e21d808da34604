"""Rows of activations and losses that stand for themselves: families "activation" and "losses"."""
import torch
import torch.nn.functional as F

from mapping import row, same
from samples import INF, f, i, iv, v


def gate(x):
    """hardsigmoid with a second derivative, which PyTorch 1.13 lacks: its values, and the slope of its middle."""
    inside = torch.where(x.abs() < 3, x, 0.0)
    return F.hardsigmoid(x).detach() + (inside - inside.detach()) / 6


def sure(args, kwargs):
    """rrelu whose result no draw decides."""
    given = {"lower": 1 / 8, "upper": 1 / 3, "training": False, **dict(zip(("lower", "upper", "training"), args[1:])), **kwargs}
    return not given["training"] or given["lower"] == given["upper"]


same("activation", "celu hardshrink hardswish softshrink softsign tanhshrink threshold prelu", prefix="nn.functional.")
row("activation", "hardsigmoid", None, fn=gate)
same("activation", "glu", prefix="nn.functional.")
row("activation", "rrelu", "nn.functional.rrelu", keep=sure)
row("activation", "gumbelSoftmax", None, fn=F.gumbel_softmax)
row("activation", "softmin", "nn.functional.softmin", variants=("", "with_dtype"))


def own():
    s = {}

    def add(name, *args, **kwargs):
        s.setdefault(name, []).append((args, kwargs))

    add("celu", f(6), 1.5)
    add("celu", v(0.0, -1.0, 2.0), alpha=0.5)
    add("celu", f(4), -2.0)
    for name in ("hardshrink", "softshrink"):
        add(name, f(6), 1.25)
        add(name, v(0.0, -1.0, 1.0, 2.0), lambd=1.0)
        add(name, v(0.0, -1.0, 1.0), 0.0)
    add("threshold", f(2, 3), 0.5, -1.0)
    add("threshold", v(0.5, 0.0, 1.0, -1.0, float("nan"), INF, -INF), 0.5, 20.0)
    add("threshold", f(), threshold=0.0, value=0.0)
    add("threshold", f(0, 3), 0.1, 20.0)
    add("threshold", f(5), -1.0, 7.0)
    add("threshold", i(6), 2, -4)
    add("softsign", i(5))
    add("tanhshrink", i(5))
    add("prelu", f(2, 3), f(3))
    add("prelu", f(2, 3, 2, 2), f(3))
    add("prelu", v(0.0, -1.0, 2.0, INF), f(1))
    add("prelu", f(), f())
    add("prelu", f(0, 3), f(3))
    add("prelu", f(3, 1), f(1))
    add("softmin", f(2, 3, 4), 1)
    add("softmin", v(1000.0, 1001.0, -1000.0), 0)
    add("softmin", f(2, 3), dim=-2)
    add("softmin", f(0, 3), 1)
    add("softmin", i(2, 3), 1, dtype=torch.float32)
    add("glu", f(4))
    add("glu", f(2, 6, 3), 1)
    add("glu", f(4, 3), dim=-2)
    add("glu", f(0, 4))
    add("rrelu", f(2, 3))
    add("rrelu", v(0.0, -1.0, 2.0, INF, -INF, float("nan")), 0.25, 0.5)
    add("rrelu", f(5), 0.5, 0.5, True)
    add("rrelu", v(0.0, -1.0, 2.0), lower=0.25, upper=0.25, training=True)
    # Where the temperature is infinite, or there is no choice, no draw decides.
    add("gumbelSoftmax", f(2, 3), INF)
    add("gumbelSoftmax", f(3, 2), tau=INF, dim=0)
    add("gumbelSoftmax", f(3, 1), 0.5)
    add("gumbelSoftmax", f(4), tau=INF, hard=True)
    add("gumbelSoftmax", f(2, 1, 2), tau=2.0, hard=True, dim=1)
    return s


def throws():
    s = {}

    def add(name, *args, **kwargs):
        s.setdefault(name, []).append((args, kwargs))

    add("celu", f(3), 0.0)
    add("softshrink", f(3), -0.5)
    add("prelu", f(2, 3), f(2))
    add("prelu", f(3), f(3))
    add("prelu", f(2, 3), f(1, 3))
    add("softmin", f(2), 1)
    add("glu", f(3))
    add("glu", f())
    add("glu", f(2), 1)
    add("rrelu", f(3), 0.5, 0.25)
    add("gumbelSoftmax", f(3), dim=1)
    add("gumbelSoftmax", i(3))
    for name in ("celu", "hardshrink", "hardsigmoid", "hardswish", "softshrink"):
        add(name, i(3))
    return s
