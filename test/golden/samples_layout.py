"""Our samples of operators that arrange, pick, contract, normalise and compare tensors, beyond those of samples.py; filling at the end.

`layout()` gives {name: [(args, kwargs, source)]}.
"""
import torch

from samples import INF, b, bv, f, i, iv, v


def still(*shape):
    return f(*shape, grad=False)


def ix(*rows):
    return torch.tensor(rows, dtype=torch.int64)


def layout():
    torch.manual_seed(20160613)
    s = {}

    def add(name, *args, **kwargs):
        s.setdefault(name, []).append((args, kwargs, "own"))

    arranging(add)
    picking(add)
    writing(add)
    reducing(add)
    losses(add)
    dropping(add)
    filling(add)
    stacking(add)
    return s


def arranging(add):
    for name in ("expandAs", "broadcastTo"):
        to = still if name == "expandAs" else (lambda *shape: shape)
        add(name, f(3, 1), to(3, 4))
        add(name, f(4), to(2, 3, 4))
        add(name, f(), to(2, 2))
        add(name, f(2, 1, 3), to(2, 0, 3))
    for name in ("reshapeAs", "viewAs"):
        add(name, f(2, 6), still(3, 4))
        add(name, f(2, 3, 2), still(12))
        add(name, f(1), still())
        add(name, f(0, 2), still(2, 0))
    add("unflatten", f(2, 6), 1, (3, -1))
    add("unflatten", f(6), -1, (2, 3))
    for shape in ((2, 3), (2, 3, 4), (1, 4), (3, 0)):
        add("mT", f(*shape))
        add("ravel", f(*shape))
        add("t", f(*shape[:2]))
        add("swapaxes", f(*shape), 0, -1)
        add("swapaxes", f(*shape), 1, 0)
    for source, destination in ((0, 2), ((0, 1), (1, 2)), ((2, 0), (0, 1)), (-1, 0)):
        add("movedim", f(2, 3, 4), source, destination)
    for offset in (0, 1, -1):
        add("diag", f(3), offset)
        add("diag", f(3, 4), offset)
        add("diagonal", f(3, 4), offset)
        add("diagEmbed", f(2, 3), offset)
    add("diagonal", f(2, 3, 4), 1, -1, 0)
    add("diagonal", f(2, 3, 4), offset=-1, dim1=0, dim2=2)
    add("diagonal", f(2, 2), 3)
    add("diagEmbed", f(3))
    for name in ("hstack", "vstack"):
        add(name, [f(2, 3), f(2, 3)])
        add(name, [f(3), f(3)])
        add(name, [f(), f(1)])
        add(name, [f(2, 1, 2), f(2, 1, 2)])
        add(name, [f(1, 2), i(1, 2)])
    add("hstack", [f(2, 3), f(2, 1)])
    add("hstack", [f(2), f(3), f(0)])
    add("vstack", [f(2, 3), f(3)])
    add("vstack", [f(2, 3), f(1, 3), f(0, 3)])
    add("repeatInterleave", f(2, 3), 2)
    add("repeatInterleave", f(2, 3), 3, dim=1)
    add("repeatInterleave", f(2, 3), 2, dim=-2)
    add("repeatInterleave", f(), 3)
    add("repeatInterleave", f(3), 0)
    add("repeatInterleave", i(3), 2)
    for args in ((0,), (1, 1, -1), (1, -3, None, 2), (0, 2, 1), (-1, 0, 100, 3), (1, None, 2)):
        add("slice", f(3, 5), *args)
    add("asStrided", f(6), (2, 2), (1, 2), 1)
    add("asStrided", f(3, 4), (3,), (5,))
    add("asStrided", f(5), (3, 3), (1, 1))
    add("asStrided", f(4), (2, 3), (1, 0))
    add("asStrided", f(6), (), (), 3)
    add("asStridedScatter", f(3, 4), f(2, 2), (2, 2), (4, 1), 1)
    add("asStridedScatter", f(6), f(3), (3,), (2,))
    add("asStridedScatter", f(2, 3), f(2), (2,), (4,), 1)
    add("asStridedScatter", f(4), f(), (), (), 2)
    add("asStridedScatter", f(3, 3), f(3), (3,), (4,), 0)
    add("asStridedScatter", i(2, 3), i(2, 1), (2, 1), (3, 1), 2)
    add("unfold", f(7), 0, 3, 1)
    add("unfold", f(2, 7), -1, 3, 2)
    add("unfold", f(2, 6), 0, 1, 3)
    add("unfold", f(5), 0, 0, 1)
    add("splitWithSizes", f(5), (1, 0, 4))
    add("splitWithSizes", f(2, 5), (2, 3), 1)
    add("splitWithSizes", f(2, 5), (5,), -1)
    add("bmm", f(2, 3, 4), f(2, 4, 2))
    add("bmm", f(1, 1, 3), f(1, 3, 1))
    add("dot", f(4), f(4))
    add("dot", f(1), f(1))
    add("mv", f(3, 4), f(4))
    add("mv", f(1, 2), f(2))
    add("outer", f(3), f(4))
    add("outer", f(2), f(2))


def picking(add):
    indices = [
        (1,), (slice(1, None), 0), (Ellipsis, slice(0, 3, 2)), (None, 0, Ellipsis, slice(0, 1)), (iv(0, 2, 0),), (slice(None), iv(1, -1, 1)),
        (iv(0, 2), iv(1, 3)), (bv(True, False, True),),
    ]  # fmt: skip
    for index in indices:
        add("at", f(3, 4, 2), *index)
    add("at", i(3, 4), -1, slice(None, None, 2))
    add("take", f(3, 4), ix([0, 11], [5, 5]))
    add("take", f(3), torch.tensor(2))
    add("take", f(2, 3), iv(-1, 0, -6))
    add("take", i(4), iv(3, 0))
    add("takeAlongDim", f(3, 4), ix([0], [3], [2]), 1)
    add("takeAlongDim", f(2, 3), iv(5, 0))
    add("takeAlongDim", f(3, 1), ix([2, 0]), dim=0)
    add("takeAlongDim", f(2, 3, 2), torch.tensor([[[1], [0]]]).expand(2, 2, 1), 1)


def writing(add):
    index = ix([0, 2], [3, 1], [2, 0])
    add("scatter", f(3, 4), 1, index, f(3, 2))
    add("scatter", f(3, 4), -1, index, still(3, 3))
    add("scatter", f(3, 4), 1, index, 1.5)
    add("scatter", f(4), 0, iv(3, 1), f(2))
    add("scatter", f(), 0, torch.tensor(0), f())
    add("scatter", i(3, 4), 1, index, i(3, 2))
    add("indexCopy", f(3, 4), 0, iv(0, 2), f(2, 4))
    add("indexCopy", f(3, 4), -1, iv(3, 1), f(3, 2))
    add("indexCopy", f(4), 0, iv(2, 0), f(2))
    add("indexCopy", i(3, 2), 1, iv(1), i(3, 1))
    add("indexFill", f(3, 4), 0, iv(0, 2), 1.5)
    add("indexFill", f(2, 3), 1, iv(1), f())
    add("indexFill", f(2, 3), -1, iv(2, 0, 2), f())
    add("indexFill", f(4), 0, iv(3), -2)
    add("indexFill", i(4), 0, iv(0, 3), 7)
    add("put", f(2, 3), ix([1, 4], [0, 5]), f(4))
    add("put", f(2, 3), ix([1, 1], [0, 5]), f(2, 2), True)
    add("put", f(3), iv(-1), f(1))
    add("put", f(3), iv(), f(0))
    add("put", i(4), iv(2, 2, 0), iv(5, 6, 7), True)
    for accumulate in (False, True):
        add("indexPut", f(3, 4), [iv(0, -1)], f(2, 4), accumulate)
        add("indexPut", f(3, 4), [iv(2, 0), iv(1, 3)], f(2), accumulate=accumulate)
        add("indexPut", f(3, 4), [bv(True, False, True)], f(4), accumulate)
    add("indexPut", f(3, 4), [iv(1, 1, 0)], f(3, 4), True)
    add("indexPut", f(4), [iv(2)], f(), False)
    add("indexPut", f(3, 4), [torch.tensor([[True, False, True, False]] * 3)], f(), False)


def reducing(add):
    zeros = torch.tensor([[2.0, 0.0, 3.0, 0.0], [1.0, 2.0, 0.0, -4.0]]).requires_grad_()
    add("cumprod", zeros, 1)
    add("cumprod", f(3, 4), 0)
    add("cumprod", f(2, 3, 2), -1)
    add("cumprod", f(), 0)
    add("cumprod", f(0, 2), 0)
    add("cumprod", v(2.0, 0.0, float("nan"), 3.0), 0)
    add("cumprod", i(2, 3), 1)
    add("cumprod", i(4, lo=1), 0, dtype=torch.float32)
    counts = torch.tensor([[0.0, 1.0, float("nan")], [2.0, 0.0, 0.0]])
    add("countNonzero", counts)
    add("countNonzero", counts, 1)
    add("countNonzero", counts, (0, 1))
    add("countNonzero", b(3, 4), -1)
    add("countNonzero", i(2, 3, lo=0, hi=2), 0)
    add("countNonzero", torch.zeros(0, 2), 0)


def losses(add):
    for reduction in ("mean", "sum", "none"):
        add("l1Loss", f(3, 4), f(3, 4), reduction=reduction)
        add("binaryCrossEntropy", f(3, 4, lo=0.1, hi=0.9), f(3, 4, lo=0.1, hi=0.9), reduction=reduction)
        for log_target in (False, True):
            target = f(3, 4) if log_target else f(3, 4, lo=0.1, hi=0.9)
            add("klDiv", f(3, 4), target, reduction=reduction, log_target=log_target)
    add("l1Loss", v(0.0, 1.0, -2.0), v(0.0, 1.0, 2.0), reduction="none")
    chances = v(0.0, 1.0, 0.0, 1.0, 0.5)
    add("binaryCrossEntropy", chances, v(0.0, 1.0, 1.0, 0.0, 0.25, grad=False), reduction="none")
    add("binaryCrossEntropy", f(2, 3, lo=0.1, hi=0.9), f(2, 3, lo=0.1, hi=0.9), weight=f(3, lo=0.5, grad=False))
    add("klDiv", f(3, 4), f(3, 4, lo=0.1, hi=0.9), reduction="batchmean")
    add("klDiv", f(4), v(0.0, 0.5, 0.0, 0.5, grad=False), reduction="none")
    add("mseLoss", f(2, 3), f(2, 3), reduction="none")


def dropping(add):
    shapes = {"dropout": (3, 4), "dropout1d": (2, 3, 4), "dropout2d": (2, 3, 2, 2), "dropout3d": (1, 2, 2, 2, 2)}
    for name, shape in {**shapes, "alphaDropout": (3, 4), "featureAlphaDropout": (2, 3, 4)}.items():
        add(name, f(*shape), 0.5, False)
        add(name, f(*shape), 0.0, True)
        add(name, f(*shape), 1.0, True)
        add(name, f(*shape), p=0.25, training=False)
    add("dropout1d", f(3, 4), 1.0)
    add("dropout3d", f(2, 2, 2, 2), 1.0)


def filling(add):
    x, whole = still(2, 3), i(2, 3)
    add("bernoulli", v(0.0, 1.0, 1.0, 0.0, grad=False))
    add("bernoulli", torch.ones(2, 0, 3))
    add("bernoulli", torch.ones(()))
    for p in (0, 1):
        add("bernoulli", x, p)
        add("bernoulli_", x, p)
        add("bernoulli_", whole, p)
    add("bernoulli_", x, v(1.0, 0.0, 1.0, grad=False))
    for shape in ((2, 3), (), (0, 2)):
        add("uniform_", still(*shape), -1.5, -1.5)
        add("normal_", still(*shape), 2.5, 0)
        add("exponential_", still(*shape), INF)


def stacking(add):
    for shape in ((2, 3), (3, 2, 2), (1, 4), (2, 0)):
        for name in ("fliplr", "flipud", "rot90"):
            add(name, f(*shape))
        add("rot90", f(*shape), -1, (1, 0))
        add("hsplit", f(*shape), 1)
        add("vsplit", f(*shape), (1,))
        add("diff", f(*shape))
        add("diff", f(*shape), 2, 0)
        add("selectScatter", f(*shape), f(*shape[1:]), 0, -1)
        add("sliceScatter", f(*shape), f(1, *shape[1:]), 0, 0, 1)
        add("trace", f(*shape[:2]))
        for name in ("diagflat", "atleast1d", "atleast2d", "atleast3d"):
            add(name, f(*shape))
    for shape in ((), (3,), (1,), (0,)):
        for name in ("diagflat", "atleast1d", "atleast2d", "atleast3d"):
            add(name, f(*shape))
        for name in ("dstack", "columnStack", "blockDiag"):
            add(name, [f(*shape), f(*shape)])
        add("meshgrid", [f(*shape), f(2)], indexing="ij")
        add("meshgrid", [f(*shape), f(2), f(3)], indexing="xy")
        add("broadcastTensors", [f(*shape), f(2, 1)])
        add("dsplit", f(1, 2, 4), (1, len(shape) + 2))
        add("tensorSplit", f(7, 2), 2 + len(shape), 0)
        add("tensorSplit", f(2, 5), (1, 3), 1)
        add("cartesianProd", [f(*(shape or (2,))), f(3)])
    add("cartesianProd", [f(3)])
    add("cartesianProd", [f(2), f(3), f(1)])
    add("blockDiag", [f(2, 3), f(2), f()])
    add("columnStack", [f(2), f(2, 3), f(2)])
    add("dstack", [f(2, 3), f(2, 3, 2)])
    for offset in (0, 1, -1):
        add("diagonalScatter", f(3, 3), f(3 - abs(offset)), offset)
        add("diagonalScatter", f(2, 3, 3), f(2, 3 - abs(offset)), offset=offset, dim1=1, dim2=2)
        add("diagflat", f(2), offset)
    for shape, other in (((3,), (3,)), ((2, 3), (3,)), ((2, 3), (4, 3)), ((), (2,))):
        add("inner", f(*shape), f(*other))
        add("kron", f(*shape), f(*other))
        add("dist", f(3), f(3), len(other) + 0.5)
    for n in (1, 2, 3, 5):
        add("vdot", f(n), f(n))
        add("addmv", f(2), f(2, n), f(n), beta=0.5, alpha=n)
        add("addr", f(2, n), f(2), f(n), beta=0.5, alpha=n)
        add("baddbmm", f(2, 3, 2), f(2, 3, n), f(2, n, 2), beta=0.5, alpha=n)
        add("addbmm", f(3, 2), f(2, 3, n), f(2, n, 2), beta=0.5, alpha=n)
    add("tensordot", f(2, 3, 4), f(3, 4, 2), dims=2)
    add("tensordot", f(2, 3), f(4, 3, 2), dims=((1, 0), (1, 2)))
    add("tensordot", f(2), f(3), dims=0)
    add("tensordot", f(2, 3), f(3, 2), dims=1)
    add("nanmean", f(2, 3))
    add("nanmean", f(2, 3), 1, True)
    add("nansum", f(2, 3), 0)
    add("nanmean", f(2, 3), dim=0)
    odd = v(1.0, float("nan"), 2.0)
    for name in ("nansum", "nanmean"):
        add(name, odd)
        add(name, odd, 0, True)
    add("isclose", v(1.0, 2.0, INF, grad=False), v(1.000001, 2.1, INF, grad=False))
    add("isclose", v(1.0, 2.0, float("nan"), grad=False), v(1.05, 2.5, float("nan"), grad=False), 0.1, 0.01, True)
    add("isclose", v(INF, -INF, 0.0, grad=False), v(-INF, -INF, 1e-9, grad=False))
    add("isclose", iv(1, 2), iv(1, 3))
