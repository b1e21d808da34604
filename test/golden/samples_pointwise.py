"""Our samples of elementwise operators beyond those of samples.py: smooth stretches for second derivatives, kinks, and extreme values.

`pointwise()` gives {name: [(args, kwargs, source)]}; "extreme" keeps values and first gradients only. The records name their kinks, and a
test asks that each of them stands in a case here.
"""
import torch

from samples import INF, b, bv, f, i, iv, u, v

# Where an operator of one operand is smooth, and the values at which it has a kink, a pole or a step.
DOMAIN = """abs -3 3; neg -3 3; sign -3 3; reciprocal 0.5 3; sqrt 0.2 4; rsqrt 0.2 4; square -3 3; exp -3 3; exp2 -3 3; expm1 -3 3; log 0.2 4
log2 0.2 4; log10 0.2 4; log1p -0.6 3; sin -3 3; cos -3 3; tan -1.2 1.2; asin -0.9 0.9; acos -0.9 0.9; atan -3 3; sinh -3 3; cosh -3 3; tanh -3 3
asinh -3 3; acosh 1.3 4; atanh -0.9 0.9; sigmoid -3 3; erf -2 2; erfc -2 2; floor -4 4; ceil -4 4; round -4 4; trunc -4 4; frac -4 4; relu -3 3
leakyRelu -3 3; elu -3 3; gelu -3 3; silu -3 3; softplus -3 3; logsigmoid -3 3; hardtanh -2 2; relu6 -2 8; selu -3 3; mish -3 3; deg2rad -200 200
rad2deg -3 3; positive -3 3; clone -3 3; contiguous -3 3
celu -3 3; hardshrink -3 3; hardsigmoid -5 5; hardswish -5 5; softshrink -3 3; softsign -3 3; tanhshrink -3 3"""
KINKS = {
    "abs": (0,), "sign": (0,), "reciprocal": (0,), "sqrt": (0,), "rsqrt": (0,), "log": (0,), "log2": (0,), "log10": (0,), "log1p": (-1,),
    "asin": (-1, 1), "acos": (-1, 1), "acosh": (1,), "atanh": (-1, 1), "floor": (0, 1, -1, 2), "ceil": (0, 1, -1, 2), "trunc": (0, 1, -1, 2),
    "frac": (0, 1, -1, 2), "round": (0.5, -0.5, 1.5, 2.5, -1.5), "relu": (0,), "leakyRelu": (0,), "elu": (0,), "softplus": (20,),
    "hardtanh": (-1, 1), "relu6": (0, 6), "selu": (0,),
    "celu": (0,), "hardshrink": (-0.5, 0.5), "hardsigmoid": (-3, 3), "hardswish": (-3, 3), "softshrink": (-0.5, 0.5),
}  # fmt: skip
USUAL = (0.0, 0.5, 1.0, -1.0, -0.25, 2.5)
FAR = (1e-4, -1e-4, 30.0, -30.0, 88.0, -88.0, 1e4, -1e4, INF, -INF, float("nan"))
PREDICATES = "isnan isinf isfinite logicalNot"


def pointwise():
    torch.manual_seed(20130119)
    s = {}

    def add(name, *args, **kwargs):
        s.setdefault(name, []).append((args, kwargs, "own"))

    def extreme(name, *args, **kwargs):
        s.setdefault(name, []).append((args, kwargs, "extreme"))

    for line in DOMAIN.replace("\n", "; ").split("; "):
        name, lo, hi = line.split()
        for shape in ((2, 3), (), (5,)):
            add(name, f(*shape, lo=float(lo), hi=float(hi)))
        kinks = [float(k) for k in KINKS.get(name, ())]
        extreme(name, v(*dict.fromkeys([*kinks, *USUAL])))
        # Angles of thousands of turns lose their digits before they reach the function.
        extreme(name, v(*[x for x in FAR if name not in ("sin", "cos", "tan") or not abs(x) > 1000]))
    for name in PREDICATES.split():
        add(name, v(*USUAL, *FAR, grad=False))
        add(name, iv(0, 3, -2))
    for name in ("frac", "hardtanh", "relu6", "selu", "mish"):
        add(name, f(0, 3))
    add("hardtanh", f(6), -0.25, 0.75)
    add("hardtanh", v(-0.25, 0.75, 0.0, 0.5), min_val=-0.25, max_val=0.75)
    add("hardtanh", i(6), -3, 4)
    add("relu6", i(6))
    # PyTorch has another slope at 3 where there are not enough elements for its vectors.
    extreme("hardswish", v(-3.0, 3.0, *[x / 4 for x in range(-7, 7)]))
    add("leakyRelu", v(0.0, -1.0, 2.0), -0.5)
    add("elu", v(0.0, -1.0, 2.0), alpha=1.5)
    add("gelu", v(*USUAL), approximate="tanh")
    add("gelu", f(2, 3), approximate="tanh")
    extreme("gelu", v(*FAR), approximate="tanh")
    add("softplus", f(6), 2.0, 0.5)
    extreme("softplus", v(0.25, 0.0, 1.0, -1.0), 2.0, 0.5)
    for decimals in (1, -1):
        add("round", f(6, lo=-40.0, hi=40.0), decimals=decimals)
    extreme("nanToNum", v(*USUAL, *FAR), 0.5, 3.0, -3.0)
    for name in ("clone", "contiguous"):
        add(name, i(2, 3))
        add(name, b(4))
    for name in "bool int long float".split():
        add(name, f(2, 3))
        add(name, v(0.0, 0.5, -0.5, 1.5, -1.5, 2.0))
        add(name, f())
        add(name, f(0, 2))
        add(name, i(4))
        add(name, b(4))
        add(name, u(4))
    add("fill", f(2, 3), 2.5)
    add("fill", f(2, 3), f())
    add("fill", f(), f())
    add("fill", f(0, 3), -1)
    add("fill", f(4, grad=False), f())
    add("fill", i(3), 7)
    add("fill", b(3), True)
    binary(add, extreme)
    ternary(add, extreme)
    return s


def binary(add, extreme):
    """Operators of two operands, and pairs that meet at ties, zeros and multiples."""
    left = [x for x in (0.0, 1.0, -1.0, 0.5, 2.5) for _ in range(5)]
    right = [0.0, 1.0, -1.0, 0.5, 2.5] * 5
    for name in "add sub rsub mul div atan2 maximum minimum clampMin clampMax fmod remainder pow logaddexp".split():
        extreme(name, v(*left), v(*right))
    for name in "floorDivide heaviside eq ne lt le gt ge logicalAnd logicalOr logicalXor".split():
        extreme(name, v(*left, grad=False), v(*right, grad=False))
    far = (INF, -INF, float("nan"), 0.0, 1.0)
    for name in "add sub rsub mul div maximum minimum clampMin clampMax logaddexp".split():
        extreme(name, v(*[x for x in far for _ in far]), v(*far * len(far)))
    add("logaddexp", f(3, 4), f(4))
    add("logaddexp", f(2, 3), f(2, 3))
    add("logaddexp", f(3), f())
    add("rsub", f(3, 4), 2.5)
    add("rsub", i(2, 3), 2)
    add("rsub", f(3, 1), f(1, 4), alpha=-0.5)
    add("rsub", i(3), i(3), alpha=3)
    for mode in ("trunc", "floor"):
        for operands in ((f(2, 3), f(3, lo=0.5)), (f(4), 0.75), (2.5, f(3, lo=0.5))):
            add("div", *operands, rounding_mode=mode)
    add("div", f(2, 3), f(3, lo=0.5))
    add("div", 2.5, f(3, lo=0.5))
    add("div", f(2, 1), f(4, lo=0.5))
    bits = iv(0, 1, -1, 6, 12, -7, 2147483647, -2147483648)
    for name in "bitwiseAnd bitwiseOr bitwiseXor".split():
        add(name, bits, bits.flip(0))
        add(name, bits.reshape(4, 2), iv(10, -3))
        add(name, i(2, 3), 6)
        add(name, bv(False, False, True, True), bv(False, True, False, True))
        add(name, torch.tensor([0, 1, 6, 255], dtype=torch.uint8), torch.tensor([255, 3, 12, 129], dtype=torch.uint8))
        add(name, bv(False, True), iv(5, 4))
    add("bitwiseNot", bits)
    add("bitwiseNot", bv(False, True))
    add("bitwiseNot", torch.tensor([0, 1, 6, 255], dtype=torch.uint8))


def ternary(add, extreme):
    """Operators of three operands."""
    for name in ("addcmul", "addcdiv"):
        add(name, f(2, 3), f(3), f(2, 1, lo=0.5))
        add(name, f(3), f(3), f(3, lo=0.5), value=-2.5)
        add(name, f(2, 3), f(), f(lo=0.5), value=0.25)
        add(name, f(), f(2), f(2, lo=0.5), value=2)
        add(name, f(0, 3), f(3), f(3, lo=0.5))
        extreme(name, v(0.0, 1.0, INF, 1.0, 2.0), v(1.0, 0.0, 1.0, INF, -1.0), v(0.0, 2.0, 1.0, 2.0, float("nan")))
    add("addcmul", i(2, 3), i(3), i(3), value=3)
    add("lerp", f(2, 3), f(3), f(2, 1, lo=0.0, hi=1.0))
    add("lerp", f(4), f(4), 0.25)
    extreme("lerp", v(0.0, 1.0, -1.0), v(1.0, 1.0, 2.0), v(0.0, 0.5, 1.0))
    extreme("where", v(0.0, INF, -1.0, 1.0), bv(True, False, True, False), v(1.0, 2.0, float("nan"), float("nan")))
    extreme("maskedFill", v(0.0, INF, float("nan"), 1.0), bv(False, True, True, False), float("nan"))
    extreme("clamp", v(0.0, 1.0, -1.0, 0.5, 2.5, INF, -INF), -1.0, 1.0)
    extreme("clamp", v(0.0, 1.0, -1.0, 2.0), v(0.0, 1.0, 0.0, 2.5), v(1.0, 1.0, 0.0, 0.5))
