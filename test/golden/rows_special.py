"""Elementwise operators of two numbers and of the parts of numbers, and the special functions."""
import torch

from mapping import row, same
from samples import INF, b, f, i, iv, u, v

NAN = float("nan")
MAX = 3.4028234663852886e38


def single(fn):
    """A function that answers in float64 whatever it is asked, in the dtype under test."""
    return lambda *args: fn(*args).to(torch.get_default_dtype())


same("pointwise", "copysign fmax fmin gcd lcm ldexp hypot logaddexp2 logit nextafter sinc xlogy signbit isreal", most=4)
same("pointwise", "bitwise_left_shift bitwise_right_shift", most=4)
row("pointwise", "floatPower", "float_power", fn=single(torch.float_power), other=True, most=4)
row("pointwise", "frexp", "frexp", fn=lambda x: tuple(torch.frexp(x)), other=True, most=4)


def own():
    s = {}

    def add(name, *args, **kwargs):
        s.setdefault(name, []).append((args, kwargs))

    elementary(add)
    return s


def elementary(add):
    left = [x for x in (0.0, 1.0, -1.0, 0.5, 2.5) for _ in range(5)]
    right = [0.0, 1.0, -1.0, 0.5, 2.5] * 5
    far = (INF, -INF, NAN, 0.0, 1.0)
    pairs = v(*[x for x in far for _ in far]), v(*far * len(far))
    quiet = [p.detach() for p in pairs]
    for name in "copysign fmax fmin hypot logaddexp2".split():
        add(name, f(3, 4), f(4))
        add(name, f(2, 3), f(2, 3))
        add(name, f(3), f())
        add(name, f(0, 3), f(3))
        add(name, v(*left), v(*right))
        add(name, *(pairs if name != "copysign" else quiet))
    add("copysign", v(1.0, -1.0, 0.0), v(-0.0, 0.0, -0.0))
    add("copysign", f(3), -2.0)
    add("copysign", i(3), i(3))
    add("hypot", v(3e38, 1e-30, 1e20, 3.0), v(1e38, 1e-30, 1e-20, 4.0))
    add("fmax", i(2, 3), i(3))
    add("fmin", u(3), u(3))
    for shape in ((2, 3), (), (5,)):
        add("xlogy", f(*shape), f(*shape, lo=0.2))
        add("sinc", f(*shape))
        add("logit", f(*shape, lo=0.1, hi=0.9))
        add("frexp", f(*shape))
        add("ldexp", f(*shape), f(*shape))
        add("floatPower", f(*shape, lo=0.2), f(*shape))
    add("xlogy", *quiet)
    add("xlogy", v(*left), v(*right))
    add("xlogy", 2.0, f(3, lo=0.2))
    add("xlogy", f(3), 3.0)
    add("xlogy", i(3), iv(1, 2, 3))
    add("sinc", v(0.0, 0.5, 1.0, -1.0, 1e-3, -0.25, 2.5, 0.6, -0.59))
    add("sinc", v(1e-4, INF, NAN, 20.25, grad=False))
    add("sinc", iv(0, 2))
    add("logit", v(0.0, 1.0, 0.25, 0.5, 0.75, 1e-4))
    add("logit", v(-0.5, 1.5, INF, -INF, NAN, grad=False))
    add("logit", v(0.0, 1.0, 0.1, 0.5, 0.95), 0.2)
    add("logit", v(0.0, 1.0, -3.0, 0.5, 7.0), eps=0.25)
    add("logit", f(4, lo=-1.0, hi=2.0), eps=0.01)
    add("frexp", v(0.0, 1.0, -1.0, 0.5, 2.0, 1e-30, -3e38))
    add("frexp", v(INF, -INF, NAN, 0.0, -0.0, grad=False))
    add("frexp", f(0, 2))
    add("ldexp", f(3, 2), iv(-3, 4))
    add("ldexp", i(3), i(3))
    add("ldexp", v(1.0, 0.0, -2.0, INF, NAN, 1.0, 0.0, grad=False), v(INF, 3.0, -INF, 2.0, 1.0, NAN, -INF, grad=False))
    add("nextafter", f(2, 3, grad=False), f(3, grad=False))
    add("nextafter", *quiet)
    for name in ("gcd", "lcm"):
        add(name, i(3, 4, lo=-40, hi=40), i(4, lo=-40, hi=40))
        add(name, iv(0, 0, 12, -12, 7), iv(0, 5, 18, 18, -7))
        add(name, u(5), u(5))
        add(name, i(0, 3), i(3))
    for name in ("bitwise_left_shift", "bitwise_right_shift"):
        name = "bitwise" + ("Left" if "left" in name else "Right") + "Shift"
        add(name, i(3, 4), i(4, lo=0, hi=8))
        add(name, iv(1, -1, 100, -100), iv(3, 3, 1, 2))
        add(name, i(3), 2)
        add(name, u(4), torch.tensor([0, 1, 2, 3], dtype=torch.uint8))
    for name in ("signbit", "isreal"):
        add(name, v(0.0, -0.0, 1.5, -2.0, INF, -INF, grad=False))
        add(name, iv(0, 3, -2))
        add(name, u(3))
        add(name, b(2, 2))
        add(name, torch.zeros(0, 2))
        add(name, f(grad=False))
    add("isreal", v(NAN, grad=False))
    add("floatPower", i(4, lo=1, hi=5), -2)
    add("floatPower", 2, f(3))
    add("floatPower", 2, i(3, lo=0, hi=5))
    add("floatPower", f(3, lo=0.5), i(3, lo=-2, hi=3))
    add("floatPower", v(0.0, 0.0, 2.0), v(0.0, 2.0, 0.0))


def throws():
    return {"gcd": [((f(2, grad=False), f(2, grad=False)), {})], "frexp": [((iv(1, 2),), {})], "hypot": [((iv(1), iv(2)), {})]}
