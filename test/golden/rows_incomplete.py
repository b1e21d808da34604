"""The incomplete gamma functions."""
from mapping import row
from samples import INF, f, iv, v

NAN = float("nan")
NAMES = ("igamma", "igammac")

for name in NAMES:
    row("special", name, name, most=4, keep=lambda a, k: not a[0].requires_grad)


def own():
    s = {}

    def add(name, *args, **kwargs):
        s.setdefault(name, []).append((args, kwargs))

    far = (INF, -INF, NAN, 0.0, 1.0, 2.5, -0.5)
    for name in NAMES:
        for shape, other in (((3, 4), (4,)), ((2, 1), (3,)), ((5,), ()), ((), ()), ((0, 3), (3,))):
            add(name, f(*shape, lo=0.3, hi=5, grad=False), f(*other, lo=0.2, hi=6))
        # Every way to compute them: beside 0, by series and fraction, and where both are large.
        add(name, v(1e-3, 0.02, 0.3, 0.9, 1e-6, 0.5, 1.0, grad=False), v(0.01, 0.4, 0.9, 1.05, 0.3, 1e-3, 1.0))
        add(name, v(2.0, 10.0, 10.0, 17.5, 0.25, 4.0, grad=False), v(1.5, 3.0, 22.0, 17.0, 7.0, 4.0))
        add(name, v(30.0, 30.0, 100.0, 250.0, 1000.0, 1e4, 1e4, 60.0, grad=False), v(28.0, 45.0, 60.0, 250.0, 1020.0, 9900.0, 1e4, 150.0))
        add(name, v(1e6, 1e10, 1e20, 0.5, 300.0, 1.0, grad=False), v(1e6, 1e10, 1e21, 80.0, 3.0, 1e4, grad=False))
        add(name, v(0.0, 0.0, 1.5, 2.0, 0.5, 1.0, grad=False), v(1.0, 3.0, 0.0, 0.0, 0.0, 0.0))
        add(name, v(*[a for a in far for _ in far], grad=False), v(*far * len(far), grad=False))
        add(name, f(3, lo=0.3, grad=False), iv(1, 0, 4))
    return s


def throws():
    s = {}
    for name in NAMES:
        s[name] = [((f(2, 3), f(4)), {}), ((iv(1, 2), iv(1, 2)), {}), ((f(2), "x"), {})]
    return s
