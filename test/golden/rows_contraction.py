"""Rows for products of many operands, norms of matrices and distances, and for statistics."""
import torch

from encode import Unexpressible
from mapping import alias, row, same, unbiased_option
from samples import b, f, i, iv, u, v

INF, NAN = float("inf"), float("nan")
linalg = torch.linalg


def einsum(operands, subscripts, *output):
    """Sublists stand as a list beside the operands, that of the result behind them."""
    if isinstance(subscripts, str):
        return torch.einsum(subscripts, *operands)
    return torch.einsum(*[part for pair in zip(operands, subscripts) for part in pair], *output)


def einsum_call(args, kwargs):
    operands, subscripts, *output = args
    if isinstance(subscripts, str):
        return [subscripts, *operands], kwargs
    return [*[part for pair in zip(operands, subscripts) for part in pair], *output], kwargs


def spread(args, kwargs):
    """A list of operands, spread out."""
    return list(args[0]), kwargs


def simple_order(args, kwargs):
    """Orders without a decomposition."""
    given = {**dict(zip(("ord", "dim"), args[1:])), **kwargs}
    order, dim = given.get("ord"), given.get("dim")
    over = args[0].dim() if dim is None else 1 if isinstance(dim, int) else len(dim)
    return order != "nuc" and (order not in (2, -2) or over == 1)


def no_bytes(args, kwargs):
    return not any(x.dtype == torch.uint8 for x in args[0])


def known_weights(args, kwargs):
    """Negative weights are refused where the host sees them: those that are whole numbers."""
    weights = kwargs.get("aweights")
    if weights is not None and bool((weights < 0).any()):
        raise Unexpressible("weights on the device")
    return args, kwargs


def fill_diagonal(x, value, wrap=False):
    return x.clone().fill_diagonal_(value, wrap)


def cdist(x, y, p=2.0, compute_mode="use_mm_for_euclid_dist_if_necessary"):
    """PyTorch has second derivatives of products of matrices only: the definition has all, and the same values."""
    large = compute_mode.endswith("necessary") and max(x.shape[-2], y.shape[-2]) > 25
    found = torch.cdist(x, y, p, compute_mode)
    if p == 2 and (large or compute_mode == "use_mm_for_euclid_dist"):
        return found
    defined = linalg.vector_norm(x.unsqueeze(-2) - y.unsqueeze(-3), p, -1)
    assert torch.allclose(found, defined), (p, compute_mode)
    return defined


def vander(x, N=None, increasing=False):
    """The gradients of PyTorch's own are refused; those of its younger twin are not."""
    found = torch.vander(x, N, increasing)
    if not x.requires_grad or found.shape[1] < 2:
        return found
    rising = linalg.vander(x, N=found.shape[1])
    defined = rising if increasing else rising.flip(1)
    assert torch.allclose(found, defined)
    return defined


def narrow_copy(x, dim, start, length):
    """PyTorch's own has no gradient."""
    found = torch.narrow_copy(x.detach(), dim, start, length)
    defined = x.narrow(dim, start, length).clone()
    assert torch.equal(found, defined)
    return defined


def whole_power(args, kwargs):
    return args[1] >= 0


row("contraction", "einsum", "einsum", fn=einsum, other=True, adapt=einsum_call)
row("contraction", "chainMatmul", None, fn=lambda matrices: torch.chain_matmul(*matrices), adapt=spread)
row("contraction", "multiDot", "linalg.multi_dot", keep=no_bytes)
row("contraction", "matrixPower", "linalg.matrix_power", keep=whole_power)
row("contraction", "vecdot", "linalg.vecdot")
row("contraction", "cross", "cross")
row("contraction", "linalgCross", "linalg.cross")
row("contraction", "cdist", "cdist", fn=cdist, other=True)
row("contraction", "matrixNorm", "linalg.matrix_norm", keep=simple_order)
row("contraction", "linalgNorm", "linalg.norm", keep=simple_order)
row("contraction", "linalgDiagonal", None, fn=linalg.diagonal)
row("contraction", "vander", None, fn=vander)
row("contraction", "linalgVander", "linalg.vander")

same("statistics", "std_mean var_mean", adapt=unbiased_option, keep=lambda a, k: k.get("correction", 1) is not None)
row("statistics", "cov", "cov", adapt=known_weights)
row("statistics", "corrcoef", "corrcoef")

row("statistics", "sumToSize", "sum_to_size")
row("statistics", "narrowCopy", None, fn=narrow_copy)
row("statistics", "constantPadNd", None, fn=torch.constant_pad_nd)
row("statistics", "fillDiagonal", None, fn=fill_diagonal)


def own():
    q = [f(2, 2, 3, 4), f(2, 2, 3, 4)]
    return {
        "einsum": [
            (([f(2, 3), f(3, 4)], "ij,jk"), {}),
            ((q, "bhid,bhjd->bhij"), {}),
            ((q, "bqhd,bkhd->bhqk"), {}),
            (([f(2, 3, 2, 2), f(2, 2, 3)], "bthd,hde->bte"), {}),
            (([f(3), f(3)], "i,i->"), {}),
            (([f(3), f(2)], "i,j->ji"), {}),
            (([f(3, 3)], "ii"), {}),
            (([f(3, 3)], "ii->i"), {}),
            (([f(2, 3, 2)], "iji->j"), {}),
            (([f(2, 2, 2)], "iii"), {}),
            (([f(2, 3, 4)], "ijk->kji"), {}),
            (([f(2, 3, 4)], "ba..."), {}),
            (([f(2, 3, 4)], "...->..."), {}),
            (([f(2, 3, 4)], "... ->"), {}),
            (([f(2, 3)], " j i "), {}),
            (([f(2, 3)], "zA"), {}),
            (([f()], ""), {}),
            (([f(), f(2)], ",i"), {}),
            (([f(2, 1, 3), f(4, 3)], "...i,...i->..."), {}),
            (([f(3, 2, 2), f(3)], "i...,i->..."), {}),
            (([f(2, 3), f(1)], "ij,j->i"), {}),
            (([f(2, 3), f(1, 3)], "ij,ij->ij"), {}),
            (([f(1, 3), f(2, 3)], "ij,ij->i"), {}),
            (([f(2, 1), f(1, 2)], "ij,jk->ik"), {}),
            (([f(2, 0), f(0, 3)], "ij,jk->ik"), {}),
            (([f(0, 2), f(2, 3)], "ij,jk->ik"), {}),
            (([f(2, 3), f(3, 2), f(2, 4)], "ij,jk,kl->il"), {}),
            (([f(3), f(3, 2), f(2)], "i,ij,j->"), {}),
            (([f(2, 3), f(4), f(2, 4), f(3)], "ij,k,ik,j->ik"), {}),
            (([f(2, 3), f(2, 3), f(2, 3)], "ij,ij,ij->j"), {}),
            (([f(2, 3), f(3, 4)], [[0, 1], [1, 2]]), {}),
            (([f(2, 3), f(3, 4)], [[0, 1], [1, 2]], [2, 0]), {}),
            (([f(2, 3, 2), f(2)], [[..., 1], [1]], [...]), {}),
            (([f(2, 2)], [[51, 51]]), {}),
            (([i(2, 3), i(3, 2)], "ij,jk->ik"), {}),
        ],
        "chainMatmul": [
            (([f(2, 3), f(3, 4), f(4, 2)],), {}),
            (([f(3, 1), f(1, 4), f(4, 2), f(2, 2)],), {}),
            (([f(2, 3), f(3, 2)],), {}),
            (([f(2, 0), f(0, 3), f(3, 1)],), {}),
            (([f(2, 3)],), {}),
        ],
        "multiDot": [(([f(3), f(3, 2), f(2)],), {}), (([f(3), f(3, 2)],), {}), (([f(2, 3), f(3)],), {}), (([f(3), f(3)],), {})],
        "matrixPower": [((f(3, 3), 1), {}), ((f(2, 2), 2), {}), ((f(2, 2, 2), 3), {}), ((f(2, 2), 7), {}), ((f(2, 2), 0), {})],
        "vecdot": [((f(2, 3), f(3)), {}), ((f(3, 2), f(3, 1)), {"dim": 0}), ((f(), f()), {})],
        "cross": [
            ((f(3, 3), f(3, 3)), {}),
            ((f(2, 3), f(1, 3)), {}),
            ((f(3, 2, 3), f(3, 1, 3)), {}),
            ((f(0, 3), f(0, 3)), {}),
            ((i(2, 3), i(2, 3)), {}),
        ],
        "linalgCross": [((f(3, 2), f(3, 2)), {"dim": 0}), ((f(2, 1, 3), f(1, 2, 3)), {})],
        "cdist": [
            ((f(2, 2), f(3, 2), p), {}) for p in (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, INF)
        ] + [
            ((v([1.0, 2.0], [3.0, 4.0]), v([1.0, 2.0], [3.0, 5.0])), {}),
            ((v([1.0, 2.0], [3.0, 4.0]), v([1.0, 2.0], [3.0, 5.0]), 1.0), {}),
            ((f(2, 3), f(2, 3), 2.0, "use_mm_for_euclid_dist"), {}),
            ((f(2, 3), f(2, 3), 2.0, "donot_use_mm_for_euclid_dist"), {}),
            ((f(27, 2), f(2, 2)), {}),
            ((f(2, 0), f(3, 0)), {}),
        ],
        "matrixNorm": [
            ((f(3, 2),), {}),
            ((f(2, 3, 2), 1), {}),
            ((f(2, 3, 2), -INF), {"keepdim": True}),
            ((f(3, 2, 2), INF), {"dim": (2, 0)}),
            ((f(3, 2), -1), {}),
            ((f(0, 2), 1), {}),
            ((f(0, 2),), {}),
        ],
        "linalgNorm": [
            ((f(2, 3, 2),), {}),
            ((f(2, 3), "fro"), {}),
            ((f(2, 3), 1), {}),
            ((f(2, 3), INF), {"keepdim": True}),
            ((f(2, 3), 3, 0), {}),
            ((f(2, 3, 2),), {"dim": (0, 2)}),
            ((f(),), {}),
            ((f(2, 2),), {"keepdim": True}),
        ],
        "linalgDiagonal": [((f(2, 3, 3),), {}), ((f(2, 3),), {"offset": 1}), ((f(2, 3, 2),), {"dim1": 0, "dim2": 2, "offset": -1}), ((f(3, 0),), {})],
        "vander": [
            ((f(3),), {}),
            ((f(3), 2), {}),
            ((f(2), 4), {"increasing": True}),
            ((f(4), 3), {"increasing": True}),
            ((f(2, grad=False), 0), {}),
            ((f(2, grad=False), 1), {}),
            ((f(0, grad=False),), {}),
            ((i(3),), {}),
            ((b(2),), {}),
        ],
        "linalgVander": [((f(2, 3),), {"N": 2}), ((f(3),), {}), ((i(3),), {})],
        "cov": [
            ((f(2, 4),), {}),
            ((f(4),), {"correction": 0}),
            ((f(2, 3),), {"fweights": iv(1, 3, 2), "aweights": f(3, lo=0.5)}),
            ((f(2, 3),), {"fweights": iv(1, 3, 2), "aweights": f(3, lo=0.5), "correction": 0}),
            ((f(2, 3),), {"aweights": f(3, lo=0.5), "correction": 2}),
            ((i(2, 3),), {}),
            ((i(2, 3),), {"fweights": iv(1, 3, 2)}),
            ((f(2, 0),), {}),
            ((f(2, 1),), {}),
            ((f(0, 2),), {}),
            ((f(),), {}),
        ],
        "corrcoef": [((f(3, 4),), {}), ((f(2, 5),), {}), ((f(4),), {}), ((i(2, 3),), {}), ((v([1.0, 2.0, 4.0], [2.0, 4.0, 8.0]),), {})],
        "sumToSize": [((f(2, 3), 3), {}), ((f(2, 3), (2, 1)), {}), ((f(2, 3), ()), {}), ((f(0, 3), (1, 3)), {}), ((i(2, 3), (1, 1)), {})],
        "narrowCopy": [((f(3, 4), 1, 1, 2), {}), ((f(3, 4), -1, -2, 2), {}), ((f(3), 0, 3, 0), {}), ((f(2, 3), 0, 0, 2), {}), ((i(3), 0, 1, 2), {})],
        "constantPadNd": [
            ((f(2, 3), (1, -1)), {}),
            ((f(2, 3), (1, 2, 0, 1), 2.5), {}),
            ((f(2), (0, 0)), {}),
            ((f(0, 2), (1, 0, 1, 1), 1.5), {}),
            ((i(3), (1, 1), 4), {}),
        ],
        "fillDiagonal": [
            ((f(3, 4), 2.5), {}),
            ((f(4, 3), 2.5), {}),
            ((f(7, 3), 2.5, True), {}),
            ((f(8, 3), 1.5, True), {}),
            ((f(3, 7), 1.5), {"wrap": True}),
            ((f(3, 3, 3), 1.5), {}),
            ((f(3, 3, 3), 1.5, True), {}),
            ((i(3, 3), 2), {}),
            ((f(0, 3), 1.5), {}),
        ],
    }


def throws():
    return {
        "einsum": [
            (([f(2, 3)], "ij,jk->ik"), {}),
            (([f(2, 3), f(3)], "ij"), {}),
            (([f(2, 3)], "ij->ik"), {}),
            (([f(2, 3)], "ij->ii"), {}),
            (([f(2, 3)], "ii->i"), {}),
            (([f(1, 3)], "ii->i"), {}),
            (([f(2), f(3)], "i,i->"), {}),
            (([f(2)], "ij"), {}),
            (([f(2, 3)], "i"), {}),
            (([f(2, 3)], "i.->i"), {}),
            (([f(2, 3)], ". ..->"), {}),
            (([f(2, 3)], "......"), {}),
            (([f(2, 3)], "i...j...->ij"), {}),
            (([f(2)], "ijk..."), {}),
            (([f(2, 3)], "i1->i"), {}),
            (([f(2, 3)], "ij->i->j"), {}),
            (([f(2, 3)], "ij->......"), {}),
            (([f(2, 3)], "ij- >i"), {}),
            (([f(2, 3), f(4, 3)], "...,..."), {}),
            (([f(2, 3)], [[0, 52]]), {}),
            (([f(2, 3)], [[-1, 0]]), {}),
            (([f(2, 3)], [[0]]), {}),
            (([f(2, 3), i(3)], "ij,j->i"), {}),
            (([], "ij"), {}),
        ],
        "chainMatmul": [(([f(2, 3), f(2, 3)],), {}), (([f(2)],), {}), (([],), {})],
        "multiDot": [(([f(2, 3)],), {}), (([f(2, 3), f(2), f(2, 2)],), {}), (([f(2, 3), f(2, 2)],), {}), (([f(2, 2), i(2, 2)],), {}), (([],), {})],
        "matrixPower": [((f(2, 3), 2), {}), ((f(2), 2), {}), ((f(2, 2), 0.5), {})],
        "vecdot": [((i(3), i(3)), {}), ((f(2, 3), f(2, 2)), {})],
        "cross": [((f(3, 2), f(2, 3)), {}), ((f(2, 2), f(2, 2)), {}), ((f(3), f(1, 3)), {}), ((f(3), i(3)), {}), ((b(3), b(3)), {}), ((f(2, 3), f(2, 3), 2), {})],
        "cdist": [
            ((f(2, 2), f(3, 3)), {}),
            ((f(2), f(3, 2)), {}),
            ((f(2, 2), f(3, 2), -1.0), {}),
            ((f(2, 2), f(3, 2), NAN), {}),
            ((f(2, 2), f(3, 2), 2.0, "mm"), {}),
            ((i(2, 2), f(3, 2)), {}),
            ((f(2, 2, 2), f(3, 2, 2)), {}),
        ],
        "matrixNorm": [
            ((f(2, 2), 3), {}),
            ((f(2),), {}),
            ((f(2, 2),), {"dim": (0, 0)}),
            ((f(2, 2), 1, 0), {}),
            ((f(0, 2), INF), {}),
            ((i(2, 2),), {}),
            ((f(2, 2),), {"dtype": torch.int64}),
        ],
        "linalgNorm": [
            ((f(2, 2, 2), 1), {}),
            ((f(2, 2), "fro", 0), {}),
            ((f(2), "fro"), {}),
            ((f(2, 2, 2),), {"ord": 1, "dim": (0, 1, 2)}),
            ((f(2, 2), 0), {}),
            ((i(2), 1), {}),
        ],
        "linalgDiagonal": [((f(3),), {}), ((f(2, 2),), {"dim1": 1, "dim2": 1})],
        "vander": [((f(2, 2),), {}), ((f(2), -1), {})],
        "linalgVander": [((f(2, 1),), {}), ((f(2),), {"N": 1}), ((b(2),), {}), ((f(),), {})],
        "cov": [((f(3),), {"fweights": iv(1, -1, 2)}), ((f(3),), {"fweights": iv(1, 2)}), ((b(3),), {}), ((f(3),), {"aweights": iv(1, 2, 3)})],
        "corrcoef": [((f(2, 2, 2),), {}), ((b(3),), {})],
        "sumToSize": [((f(2, 3), (2,)), {}), ((f(2, 3), (3, 3)), {})],
        "narrowCopy": [((f(3), 0, 2, 2), {}), ((f(3), 1, 0, 1), {}), ((f(), 0, 0, 1), {})],
        "constantPadNd": [((f(2), (1,)), {}), ((f(2), (-2, -1)), {}), ((f(2), (1, 1, 1, 1)), {})],
        "fillDiagonal": [((f(2), 1.5), {}), ((f(2, 3, 2), 1.5), {})],
    }
