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

for names, prefix in (("lgamma digamma i0 erfinv", ""), ("i0e i1 i1e ndtr ndtri entr xlog1py zeta", "special.")):
    same("special", names, prefix=prefix, most=3)
row("special", "polygamma", "polygamma", fn=torch.polygamma, adapt=lambda a, k: ((a[1], a[0], *a[2:]), k) if isinstance(a[0], torch.Tensor) else (a, k))
row("special", "mvlgamma", "mvlgamma", hoist=("p",), most=3)
row("special", "multigammaln", "mvlgamma", fn=torch.special.multigammaln, other=True, hoist=("p",), most=3)

row("special", "gradient", "gradient", most=5)
same("special", "trapezoid cumulative_trapezoid", hoist=("x",), most=4)
row("special", "trapz", "trapz", hoist=("x",), most=3)
for name in ("bartlett", "blackman", "hamming", "hann", "kaiser"):
    row("special", f"{name}Window", None, fn=getattr(torch, f"{name}_window"))


def own():
    s = {}

    def add(name, *args, **kwargs):
        s.setdefault(name, []).append((args, kwargs))

    elementary(add)
    analysis(add)
    curves(add)
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


def analysis(add):
    """Stretches where PyTorch's float32 is good, poles, and the ends."""
    stretch = dict(lgamma=(0.3, 5), digamma=(0.3, 5), i0=(-4, 4), i0e=(-4, 4), i1=(-4, 4), i1e=(-4, 4), erfinv=(-0.9, 0.9), ndtr=(-3, 3))
    stretch |= dict(ndtri=(0.1, 0.9), entr=(0.2, 3))
    for name, (lo, hi) in stretch.items():
        for shape in ((2, 3), (), (5,)):
            add(name, f(*shape, lo=lo, hi=hi))
        add(name, f(0, 3))
        add(name, iv(1, 0))
    add("lgamma", v(0.0, -1.0, -0.5, 1.0, 2.0, -2.5, -3.7, 12.5, 1e-4, 30.0))
    add("lgamma", v(INF, NAN, -2.0, 1e10, grad=False))
    add("digamma", v(0.0, 1.0, -0.5, -2.5, 12.5, -3.7, 30.0))
    add("digamma", v(-1.0, 0.5))
    add("digamma", v(0.0, -0.0, -1.0, INF, NAN, -4.0, grad=False))
    add("i0", v(0.0, 8.0, -8.5, 20.0, -21.0, 50.0))
    for name in ("i0e", "i1e", "i1"):
        add(name, v(0.0, 8.0, -8.5, 20.0, -21.0, 50.0, 1e-4))
    for name in ("i0e", "i1e"):
        add(name, v(INF, -INF, NAN, 1e4, grad=False))
    add("erfinv", v(0.0, 1.0, -1.0, 1.5, -2.0, 0.99999, NAN, 1e-4))
    add("ndtr", v(0.0, 5.5, -5.5, 1e-4))
    add("ndtr", v(INF, -INF, NAN, -12.0, grad=False))
    add("ndtri", v(0.0, 1.0, 0.5, -0.5, 2.0, NAN, 1e-6, 0.99))
    add("entr", v(0.0, 1.0, -1.0, 0.5))
    add("entr", v(INF, -INF, NAN, 0.0, grad=False))
    for order in (0, 1, 2, 3, 5):
        add("polygamma", order, f(2, 3, lo=0.3, hi=5))
        add("polygamma", order, v(0.75, 1.0, 2.5, 12.5, 30.0))
        add("polygamma", order, v(-0.5, -2.75))
    add("polygamma", 1, v(0.0, INF, NAN, grad=False))
    add("polygamma", 2, v(0.0, -1.0))
    add("polygamma", 0, v(-1.0, 0.0))
    add("polygamma", 1, iv(1, 2))
    for p in (1, 2, 4):
        add("mvlgamma", f(2, 3, lo=2, hi=5), p)
        add("mvlgamma", f(lo=2, hi=5), p)
    add("mvlgamma", v(0.0, -1.0, 0.5), 1)
    add("mvlgamma", iv(3, 4), 2)
    for name in ("xlog1py",):
        add(name, f(3, 4, lo=-0.6), f(4, lo=-0.6))
        add(name, f(2, 3), f(lo=-0.6))
        add(name, 2.0, f(3, lo=-0.6))
        add(name, f(3), 3.0)
        add(name, v(0.0, 0.0, 1.0, 0.0, 1.0, -1.0), v(0.0, -1.0, -1.0, NAN, 0.5, 2.0))
        add(name, i(3), iv(1, 2, 3))
    add("zeta", f(3, 4, lo=1.5, hi=5, grad=False), f(4, lo=0.3, hi=5))
    add("zeta", 2.0, f(5, lo=0.3, hi=5))
    add("zeta", f(5, lo=1.5, hi=5, grad=False), 1.0)
    add("zeta", v(2.0, 3.0, 4.0, 3.0, 2.0, grad=False), v(-0.5, -1.25, -2.75, 0.0, -1.0))
    add("zeta", v(1.0, 0.5, 1.5, NAN, 2.0, 1.0001, 30.0, grad=False), v(2.0, 2.0, -0.5, 1.0, NAN, 0.5, 3.0, grad=False))
    add("zeta", f(lo=1.5, hi=5, grad=False), f(lo=1))
    add("zeta", f(2, 1, lo=1.5, hi=5, grad=False), f(3, lo=1))
    add("zeta", iv(2, 3), iv(1, 4))


def curves(add):
    """Slopes and areas in every dimension and spacing; windows."""
    add("gradient", f(5))
    add("gradient", f(3, 4), spacing=0.5)
    add("gradient", f(3, 4), dim=-1, edge_order=2)
    add("gradient", f(4, 3), spacing=[2.0, 0.25], edge_order=2)
    add("gradient", f(4, 3), spacing=[v(0.0, 1.0, 1.5, 4.0), v(-1.0, 0.5, 1.0)])
    add("gradient", f(4, 3), spacing=[v(0.0, 1.0, 1.5, 4.0), v(-1.0, 0.5, 1.0)], edge_order=2)
    add("gradient", f(2, 2), dim=(1, 0))
    for name in ("trapezoid", "cumulativeTrapezoid"):
        add(name, f(5))
        add(name, f(3, 4), dx=0.5, dim=0)
        add(name, f(3, 4), f(4))
        add(name, f(2, 3), f(2, 3), dim=0)
        add(name, f(2, 0, grad=False))
        add(name, f(1, grad=False))
        add(name, i(4))
    for name in ("bartlett", "blackman", "hamming", "hann", "kaiser"):
        for length in (0, 1, 2, 5, 8):
            add(f"{name}Window", length)
            add(f"{name}Window", length, False)
    add("hammingWindow", 6, True, 0.6, 0.3)
    add("kaiserWindow", 6, False, 3.5)
    add("kaiserWindow", 7, True, 1.25)
    add("hannWindow", 4, dtype=torch.float32)


def throws():
    windows = {f"{name}Window": [((-1,), {}), ((3,), {"dtype": torch.int64})] for name in ("bartlett", "blackman", "hann", "kaiser")}
    return {**windows, "polygamma": [((-1, f(2, grad=False)), {})], "gcd": [((f(2, grad=False), f(2, grad=False)), {})], "frexp": [((iv(1, 2),), {})], "hypot": [((iv(1), iv(2)), {})]}
