"""Rows and samples of what works on images: normalisation within items, interpolation and its like, further pools, bags and bilinear maps."""
import torch
import torch.nn.functional as F

from mapping import no_byte, row, same
from samples import f, i, iv, u, v


def rms_norm(x, normalized_shape, weight=None, eps=None):
    """rms_norm of PyTorch 2 by its formula."""
    dims = tuple(range(-len(normalized_shape), 0))
    y = x * (x.square().mean(dims, keepdim=True) + (torch.finfo(x.dtype).eps if eps is None else eps)).rsqrt()
    return y if weight is None else y * weight


def channel_shuffle(x, groups):
    """channel_shuffle by its definition: PyTorch 1.13 has no gradient of its own."""
    assert groups > 0 and x.dim() > 2
    return x.unflatten(1, (groups, x.shape[1] // groups)).transpose(1, 2).flatten(1, 2)


class Once(torch.autograd.Function):
    """A function whose gradient has none."""

    @staticmethod
    def forward(ctx, fn, *tensors):
        ctx.fn = fn
        ctx.save_for_backward(*tensors)
        return fn(*tensors)

    @staticmethod
    def backward(ctx, *cotangents):
        with torch.enable_grad():
            leaves = [t.detach().requires_grad_(need) for t, need in zip(ctx.saved_tensors, ctx.needs_input_grad[1:])]
            outs = ctx.fn(*leaves)
            pairs = [(o, c) for o, c in zip([outs] if torch.is_tensor(outs) else outs, cotangents) if o.requires_grad]
            wanted = [t for t in leaves if t.requires_grad]
            found = iter(torch.autograd.grad([o for o, _ in pairs], wanted, [c.detach() for _, c in pairs], allow_unused=True))
        return None, *[next(found) if t.requires_grad else None for t in leaves]


def once(fn):
    """A function that PyTorch cannot differentiate twice, differentiable once."""

    def run(*args, **kwargs):
        given = {**dict(enumerate(args)), **kwargs}
        names = [k for k, x in given.items() if torch.is_tensor(x) and x.requires_grad]

        def call(*tensors):
            every = {**given, **dict(zip(names, tensors))}
            return fn(*[every[k] for k in range(len(args))], **{k: every[k] for k in kwargs})

        return Once.apply(call, *[given[k] for k in names])

    return run


def drawn(fn):
    """A pool with the draws that it is given under our name for them."""
    return lambda x, kernel, random_samples, **more: fn(x, kernel, _random_samples=random_samples, **more)


def samples_last(args, kwargs):
    return args[:2], {**kwargs, "random_samples": args[2]}


# Normalisation within items.
same("norms", "group_norm local_response_norm instance_norm", prefix="nn.functional.")
row("norms", "rmsNorm", None, fn=rms_norm)

# Images.
row("vision", "interpolate", "nn.functional.interpolate")
same("vision", "upsample_nearest upsample_bilinear", prefix="nn.functional.")
row("vision", "upsample", None, fn=F.upsample)
same("vision", "pixel_shuffle pixel_unshuffle", prefix="nn.functional.", hoist=("upscale_factor", "downscale_factor"))
row("vision", "channelShuffle", None, fn=channel_shuffle)
row("vision", "gridSample", "nn.functional.grid_sample", fn=once(F.grid_sample), other=True)
row("vision", "affineGrid", None, fn=F.affine_grid)

# Pools.
for nd in "123":
    row("pools", f"adaptiveMaxPool{nd}d", f"nn.functional.adaptive_max_pool{nd}d")
for nd in "12":
    row("pools", f"lpPool{nd}d", None, fn=getattr(F, f"lp_pool{nd}d"))
for nd in "23":
    row("pools", f"fractionalMaxPool{nd}d", None, fn=once(drawn(getattr(F, f"fractional_max_pool{nd}d"))), adapt=samples_last)
row("pools", "fold", None, fn=F.fold)
row("pools", "bilinear", "nn.functional.bilinear", keep=no_byte)
bag = once(lambda weight, index, **more: F.embedding_bag(index, weight, **more))
row("pools", "embeddingBag", "nn.functional.embedding_bag", fn=bag, other=True, adapt=lambda a, k: ((a[1], a[0]), k), keep=lambda a, k: not k.get("sparse"))


def still(*shape, **more):
    return f(*shape, grad=False, **more)


def norms(add):
    add("groupNorm", f(2, 4, 3), 2, f(4), f(4))
    add("groupNorm", f(2, 6), 3, f(6), None, 1e-3)
    add("groupNorm", f(2, 4, 2, 3), 4, f(4), f(4))
    add("groupNorm", f(2, 3, 2, 2), 1)
    add("groupNorm", f(0, 4, 3), 2, f(4), f(4))
    add("groupNorm", f(3, 4, 1, 2, 2), 2, weight=f(4), eps=0.1)
    add("instanceNorm", f(2, 3, 4))
    add("instanceNorm", f(2, 3, 2, 2), weight=f(3), bias=f(3), eps=1e-3)
    add("instanceNorm", f(2, 3, 4), still(3), still(3, lo=0.5), f(3), f(3))
    add("instanceNorm", f(2, 3, 2, 3), still(3), still(3, lo=0.5), momentum=0.3)
    add("instanceNorm", f(2, 3, 4), still(3), still(3, lo=0.5), f(3), None, False, 0.2, 1e-3)
    add("instanceNorm", f(1, 2, 2, 2, 2), weight=f(2))
    for size, shape in ((1, (2, 3, 4)), (2, (2, 3, 4)), (3, (1, 4, 2, 3)), (4, (1, 5, 2, 2, 1)), (7, (1, 3, 2))):
        add("localResponseNorm", f(*shape), size)
        add("localResponseNorm", f(*shape), size, alpha=0.5, beta=1.5, k=2.0)
    add("localResponseNorm", f(2, 3, 4), 3, 0.1, 0.5, 0.75)
    add("localResponseNorm", f(0, 3, 4), 2)
    for shape, own in (((2, 3, 4), (4,)), ((2, 3, 4), (3, 4)), ((5,), (5,)), ((3, 1), (1,)), ((2, 70), (70,))):
        add("rmsNorm", f(*shape), own)
        add("rmsNorm", f(*shape), own, f(*own))
        add("rmsNorm", f(*shape), own, f(*own), 1e-3)
        add("rmsNorm", f(*shape), own, eps=0.5)
    add("rmsNorm", f(0, 3), (3,), f(3))


def interpolation(add):
    shapes = {"linear": (2, 2, 5), "bilinear": (1, 2, 4, 5), "trilinear": (1, 1, 3, 2, 4), "bicubic": (1, 1, 5, 4)}
    for mode, shape in shapes.items():
        rank = len(shape) - 2
        for align in (False, True):
            add("interpolate", f(*shape), 3, mode=mode, align_corners=align)
            add("interpolate", f(*shape), 7, None, mode, align)
            add("interpolate", f(*shape), (2, 6, 1)[:rank], mode=mode, align_corners=align)
            add("interpolate", f(*shape), scale_factor=1.7, mode=mode, align_corners=align)
        add("interpolate", f(*shape), scale_factor=(0.6, 2.3, 1.5)[:rank], mode=mode)
        add("interpolate", f(*shape), scale_factor=1.7, mode=mode, recompute_scale_factor=True)
        add("interpolate", f(*shape), scale_factor=1.3, mode=mode, recompute_scale_factor=False)
        add("interpolate", f(*shape), scale_factor=2.0, mode=mode)
        add("interpolate", f(*shape), shape[2:], mode=mode)
    for mode in ("nearest", "nearest-exact", "area"):
        for shape in ((2, 2, 5), (1, 2, 4, 5), (1, 1, 3, 2, 4)):
            rank = len(shape) - 2
            add("interpolate", f(*shape), 3, mode=mode)
            add("interpolate", f(*shape), (2, 7, 1)[:rank], mode=mode)
            add("interpolate", f(*shape), scale_factor=2, mode=mode)
            add("interpolate", f(*shape), scale_factor=(1.7, 0.6, 0.7)[:rank], mode=mode)
        add("interpolate", f(1, 2, 5), scale_factor=1.3, mode=mode, recompute_scale_factor=True)
    for mode in ("bilinear", "bicubic"):
        for size in (2, (3, 9), (9, 12)):
            for align in (False, True):
                add("interpolate", f(1, 1, 7, 8), size, mode=mode, antialias=True, align_corners=align)
        add("interpolate", f(1, 1, 7, 8), scale_factor=0.4, mode=mode, antialias=True)
    for mode in ("nearest", "nearest-exact"):
        add("interpolate", u(1, 1, 3, 4), (5, 2), mode=mode)
    add("interpolate", f(0, 2, 3), 5)
    add("interpolate", f(1, 1, 1, 1), 3, mode="bicubic")
    add("interpolate", f(1, 1, 1, 1), 3, mode="bilinear", align_corners=True)
    add("interpolate", v(1.0, float("nan"), 2.0).detach().reshape(1, 1, 3).requires_grad_(), 6)
    add("upsample", f(1, 2, 3), 5)
    add("upsample", f(1, 2, 3), scale_factor=2, mode="linear", align_corners=True)
    add("upsample", f(1, 1, 3, 2), None, 1.5, "bilinear")
    add("upsample", f(1, 1, 3, 2), (2, 3), mode="bicubic", align_corners=False)
    for name in ("upsampleNearest", "upsampleBilinear"):
        add(name, f(1, 2, 3, 2), 4)
        add(name, f(1, 2, 3, 2), (2, 5))
        add(name, f(1, 1, 3, 2), scale_factor=2)
        add(name, f(1, 1, 3, 2), None, 1.5)


def shuffles(add):
    for shape, factor in (((1, 8, 2, 3), 2), ((9, 1, 2), 3), ((2, 1, 4, 2, 1), 2), ((2, 3, 4), 1)):
        add("pixelShuffle", f(*shape), factor)
    for shape, factor in (((1, 2, 4, 6), 2), ((1, 3, 6), 3), ((2, 1, 1, 2, 2), 2), ((2, 3, 4), 1)):
        add("pixelUnshuffle", f(*shape), factor)
    for shape, groups in (((1, 6, 2, 2), 3), ((2, 4, 3), 2), ((1, 2, 1, 2, 1), 1), ((2, 4, 1), 4)):
        add("channelShuffle", f(*shape), groups)
    add("pixelShuffle", i(4, 1, 2), 2)
    add("channelShuffle", u(1, 4, 2), 2)


def grids(add):
    for mode in ("bilinear", "nearest", "bicubic"):
        for padding in ("zeros", "border", "reflection"):
            for align in (False, True):
                add("gridSample", f(2, 2, 3, 4), f(2, 2, 3, 2, lo=-1.7, hi=1.7), mode, padding, align)
                if mode != "bicubic":
                    add("gridSample", f(1, 2, 3, 2, 3), f(1, 2, 1, 2, 3, lo=-1.7, hi=1.7), mode=mode, padding_mode=padding, align_corners=align)
    # The regular grid, whose places lie on elements and on the ends.
    theta = torch.tensor([[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]])
    for padding in ("zeros", "border", "reflection"):
        grid = F.affine_grid(theta, [1, 1, 3, 3], align_corners=True)
        add("gridSample", f(1, 1, 3, 3), grid.clone().requires_grad_(), padding_mode=padding, align_corners=True)
        grid = F.affine_grid(theta, [1, 1, 4, 4], align_corners=False)
        add("gridSample", f(1, 1, 4, 4), grid.clone().requires_grad_(), padding_mode=padding, align_corners=False)
    add("gridSample", f(1, 1, 1, 1), f(1, 2, 2, 2, lo=-1.5, hi=1.5), padding_mode="reflection", align_corners=True)
    far = torch.tensor([[[[-9.5, 0.25], [8.25, -7.75]]]])
    for padding in ("zeros", "border", "reflection"):
        add("gridSample", f(1, 1, 3, 4), far.clone().requires_grad_(), padding_mode=padding)
    hole = torch.full((1, 1, 2, 2), float("nan"))
    add("gridSample", hole, torch.tensor([[[[-3.0, 0.0], [2.5, 2.5]]]]), align_corners=False)
    add("gridSample", f(0, 1, 3, 3), f(0, 1, 2, 2))
    for align in (False, True, None):
        add("affineGrid", f(2, 2, 3), (2, 1, 2, 3), align_corners=align)
        add("affineGrid", f(1, 2, 3), (1, 3, 1, 4), align)
        add("affineGrid", f(2, 3, 4), (2, 1, 2, 1, 3), align_corners=align)


def pools(add):
    shapes = {"1": (2, 3, 7), "2": (1, 2, 5, 7), "3": (1, 1, 4, 5, 3)}
    for nd, shape in shapes.items():
        name = f"adaptiveMaxPool{nd}d"
        for out in (1, 2, 3):
            add(name, f(*shape), out)
            add(name, f(*shape[1:]), out, return_indices=True)
        add(name, i(*shape).float().requires_grad_(), 2, return_indices=True)
        add(name, f(2, 2, *[4, 6, 2][: int(nd)]), 2, return_indices=True)
    add("adaptiveMaxPool2d", f(1, 2, 5, 7), (None, 3), return_indices=True)
    add("adaptiveMaxPool3d", f(2, 3, 4, 5), (2, None, 3))
    add("adaptiveMaxPool1d", v(1.0, float("nan"), 3.0, 2.0, 0.0).detach().reshape(1, 5).requires_grad_(), 2, return_indices=True)
    add("adaptiveMaxPool2d", f(0, 2, 5, 7), 3)
    for p in (1, 2, 3.0, 1.5):
        add("lpPool1d", f(2, 2, 7, lo=0.3), p, 2)
        add("lpPool1d", f(2, 7, lo=0.3), p, 3, 2, True)
        add("lpPool2d", f(1, 2, 5, 6, lo=0.3), p, 2)
        add("lpPool2d", f(2, 5, 6, lo=0.3), p, (3, 2), stride=(2, 1), ceil_mode=True)
    add("lpPool1d", f(1, 1, 6), 2, 3)
    add("lpPool2d", f(1, 1, 4, 4), 2, 2, 1)
    for nd, shape in (("2", (2, 2, 6, 7)), ("3", (1, 2, 5, 7, 6))):
        rank, name = int(nd), f"fractionalMaxPool{nd}d"
        for kernel, size in ((2, 3), (1, 2), ((2, 3, 2)[:rank], (3, 4, 2)[:rank]), (3, 1)):
            draws = still(*shape[:2], rank, lo=0.0, hi=0.999)
            add(name, f(*shape), kernel, draws, output_size=size)
            add(name, f(*shape), kernel, draws, output_size=size, return_indices=True)
        add(name, f(*shape), 2, still(*shape[:2], rank, lo=0.0, hi=0.999), output_ratio=0.5)
        add(name, f(*shape[1:]), 2, still(1, shape[1], rank, lo=0.0, hi=0.999), output_ratio=(0.6, 0.4, 0.7)[:rank], return_indices=True)
        add(name, i(*shape).float().requires_grad_(), 2, still(*shape[:2], rank, lo=0.0, hi=0.999), output_size=3, return_indices=True)


def maps(add):
    add("fold", f(1, 8, 6), (3, 4), 2)
    add("fold", f(2, 12, 8), (4, 4), (2, 3), padding=(0, 1), stride=(2, 1), dilation=1)
    add("fold", f(6, 4), (4, 4), (2, 3), stride=2, padding=(0, 1))
    add("fold", f(2, 4, 4), 3, 2, 2, 1, 2)
    add("fold", f(1, 9, 25), (5, 5), 3, padding=1)
    for lead in ((2,), (2, 3), (0,), ()):
        add("bilinear", f(*lead, 3), f(*lead, 4), f(2, 3, 4), f(2))
        add("bilinear", f(*lead, 1), f(*lead, 3), f(4, 1, 3))
    table = (4, 3)
    for mode in ("sum", "mean", "max"):
        add("embeddingBag", f(*table), i(2, 5, lo=0, hi=4), mode=mode)
        add("embeddingBag", f(*table), iv(0, 2, 3, 1, 0, 2), offsets=iv(0, 2, 5), mode=mode)
        add("embeddingBag", f(*table), iv(0, 2, 3, 1, 0, 2), offsets=iv(0, 0, 4, 6), mode=mode)
        add("embeddingBag", f(*table), iv(0, 2, 3, 1, 0, 2), offsets=iv(0, 3, 4, 6), mode=mode, include_last_offset=True)
        add("embeddingBag", f(*table), iv(0, 2, 3, 1, 2, 2), offsets=iv(0, 3, 4), mode=mode, padding_idx=2)
        add("embeddingBag", f(*table), i(3, 2, lo=0, hi=4), mode=mode, padding_idx=-1)
        add("embeddingBag", f(*table), iv(3, 1, 3), offsets=iv(0, 2), mode=mode, max_norm=1.5)
    add("embeddingBag", f(*table), iv(0, 2, 2, 2), offsets=iv(0, 1), mode="sum", scale_grad_by_freq=True)
    add("embeddingBag", f(*table), iv(0, 2, 2, 2), offsets=iv(0, 1), mode="mean", scale_grad_by_freq=True)
    add("embeddingBag", f(*table), iv(0, 2, 3, 1), offsets=iv(0, 1), mode="sum", per_sample_weights=f(4))
    add("embeddingBag", f(*table), i(2, 3, lo=0, hi=4), mode="sum", per_sample_weights=f(2, 3))
    add("embeddingBag", f(*table), i(2, 3, lo=0, hi=4), mode="sum", per_sample_weights=still(2, 3), padding_idx=0)


def own():
    s = {}

    def add(name, *args, **kwargs):
        s.setdefault(name, []).append((args, kwargs))

    for part in (norms, interpolation, shuffles, grids, pools, maps):
        part(add)
    return s


def throws():
    return {
        "groupNorm": [((f(2, 4, 3), 3), {}), ((f(2, 4, 3), 2, f(3)), {}), ((f(1, 4), 4), {}), ((f(4), 2), {}), ((i(2, 4, 3), 2), {})],
        "instanceNorm": [
            ((f(2, 3),), {}),
            ((f(2, 3, 1),), {}),
            ((f(2, 3, 4),), {"use_input_stats": False}),
            ((f(2, 3, 4),), {"weight": f(2)}),
            ((f(2, 3, 4), still(2), still(2)), {}),
        ],
        "localResponseNorm": [((f(3, 4), 2), {}), ((f(2, 3, 4), 0), {})],
        "interpolate": [
            ((f(1, 1, 3),), {}),
            ((f(1, 1, 3), 4, 2), {}),
            ((f(1, 1, 3), 4), {"mode": "bilinear"}),
            ((f(1, 1, 3, 3), 4), {"mode": "linear"}),
            ((f(1, 1, 3, 3), 4), {"mode": "trilinear"}),
            ((f(1, 1, 3), 4), {"mode": "bicubic"}),
            ((f(1, 3), 4), {}),
            ((f(1, 1, 3), 4), {"mode": "cubic"}),
            ((f(1, 1, 3), 4), {"align_corners": False}),
            ((f(1, 1, 3, 3), (4,)), {}),
            ((f(1, 1, 3, 3),), {"scale_factor": (2.0,)}),
            ((f(1, 1, 3),), {"scale_factor": 0.25}),
            ((f(1, 1, 3), 0), {}),
            ((f(1, 0, 3), 2), {}),
            ((f(1, 1, 3), 4), {"recompute_scale_factor": True}),
            ((f(1, 1, 3), 4), {"antialias": True}),
            ((i(1, 1, 3), 4), {"mode": "linear"}),
        ],
        "pixelShuffle": [((f(1, 6, 2, 2), 2), {}), ((f(2, 2), 1), {}), ((f(4, 1, 1), 0), {})],
        "pixelUnshuffle": [((f(1, 1, 3, 4), 2), {}), ((f(2, 2), 1), {}), ((f(1, 2, 2), 0), {})],
        "channelShuffle": [((f(1, 3, 2), 2), {}), ((f(1, 4, 2), 0), {})],
        "gridSample": [
            ((f(1, 1, 2, 2), f(1, 2, 2)), {}),
            ((f(1, 1, 2, 2), f(2, 1, 1, 2)), {}),
            ((f(1, 1, 2, 2), f(1, 1, 1, 3)), {}),
            ((f(1, 1, 2, 2), f(1, 1, 1, 2), "cubic"), {}),
            ((f(1, 1, 2, 2), f(1, 1, 1, 2)), {"padding_mode": "circular"}),
            ((f(1, 1, 2, 2, 2), f(1, 1, 1, 1, 3)), {"mode": "bicubic"}),
            ((f(1, 1, 2, 0), f(1, 1, 1, 2)), {}),
        ],
        "affineGrid": [
            ((f(1, 2, 3), (2, 1, 2, 3)), {}),
            ((f(1, 2, 3), (1, 2, 3)), {}),
            ((f(1, 2, 4), (1, 1, 2, 3)), {}),
            ((f(1, 2, 3), (1, 1, 0, 3)), {}),
            ((i(1, 2, 3), (1, 1, 2, 3)), {}),
        ],
        **{f"adaptiveMaxPool{nd}d": [((f(3), 2), {}), ((f(1, 0, *[4, 4, 4][: int(nd)]), 2), {})] for nd in "123"},
        "adaptiveMaxPool2d": [((f(1, 1, 4, 4), (2, 2, 2)), {}), ((f(1, 1, 4, 0), 2), {})],
        "lpPool1d": [((f(1, 1, 4), 2, 5), {}), ((f(1, 1, 4), 0, 2), {})],
        "lpPool2d": [((f(1, 1, 4, 4), 2, 5), {}), ((f(1, 1, 4, 4), 0, 2), {})],
        "fractionalMaxPool2d": [
            ((f(1, 1, 4, 4), 2, still(1, 1, 2)), {}),
            ((f(1, 1, 4, 4), 3, still(1, 1, 2)), {"output_size": 3}),
            ((f(4, 4), 2, still(1, 1, 2)), {"output_size": 2}),
        ],
        "fractionalMaxPool3d": [((f(1, 1, 4, 4, 4), 3, still(1, 1, 3)), {"output_size": 3}), ((f(4, 4, 4), 2, still(1, 1, 3)), {"output_size": 2})],
        "fold": [((f(1, 7, 6), (3, 4), 2), {}), ((f(1, 8, 5), (3, 4), 2), {}), ((f(8), (3, 4), 2), {}), ((f(1, 0, 6), (3, 4), 2), {})],
        "bilinear": [
            ((f(2, 3), f(3, 3), f(2, 3, 3)), {}),
            ((f(2, 3), f(2, 3), f(2, 4, 3)), {}),
            ((f(2, 3), f(2, 3), f(2, 3, 3), f(3)), {}),
        ],
        "embeddingBag": [
            ((f(3, 2), iv(0, 1)), {}),
            ((f(3, 2), i(1, 2, lo=0, hi=3)), {"offsets": iv(0)}),
            ((f(3, 2), iv(0, 1)), {"offsets": iv(1)}),
            ((f(3, 2), i(1, 2, lo=0, hi=3)), {"per_sample_weights": still(1, 2)}),
            ((f(3, 2), i(1, 2, lo=0, hi=3)), {"mode": "min"}),
            ((f(3, 2), i(1, 2, lo=0, hi=3)), {"mode": "max", "scale_grad_by_freq": True}),
            ((f(3, 2), i(1, 1, 2, lo=0, hi=3)), {}),
            ((f(3, 2), iv(0, 5)), {"offsets": iv(0)}),
        ],
    }
