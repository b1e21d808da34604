"""Rows of activations and losses that stand for themselves: families "activation" and "losses"."""
import torch
import torch.nn.functional as F

from mapping import row, same
from samples import INF, f, i, iv, v


def gate(x):
    """hardsigmoid with a second derivative, which PyTorch 1.13 lacks: its values, and the slope of its middle."""
    inside = torch.where(x.abs() < 3, x, 0.0)
    return F.hardsigmoid(x).detach() + (inside - inside.detach()) / 6


def defined(fn, definition):
    """fn by a definition that has second derivatives, where PyTorch's own has none; the values and the gradients of both must agree."""

    def run(*args, **kwargs):
        both = [f(*args, **kwargs) for f in (fn, definition)]
        leaves = [a for a in args if isinstance(a, torch.Tensor) and a.requires_grad]
        assert torch.allclose(*both, rtol=1e-4, atol=1e-5), (fn, args, kwargs)
        if leaves:
            one, other = (torch.autograd.grad(y.sum(), leaves, retain_graph=True)[0] for y in both)
            assert torch.allclose(one, other, rtol=1e-4, atol=1e-5), (fn, args, kwargs)
        return both[1]

    return run


def reduced(losses, reduction):
    return {"none": lambda: losses, "mean": losses.mean, "sum": losses.sum}[reduction]()


def multi_margin(x, y, p=1, margin=1.0, weight=None, reduction="mean"):
    rows, y = x.reshape(-1, x.shape[-1]), y.reshape(-1)
    above = F.relu(margin - rows.gather(1, y[:, None]) + rows) ** p * (torch.ones_like(rows[0]) if weight is None else weight)[y][:, None]
    losses = above.where(F.one_hot(y, rows.shape[1]) == 0, torch.zeros_like(above)).mean(1)
    return reduced(losses.reshape(x.shape[:-1]), reduction)


def multilabel_margin(x, y, reduction="mean"):
    losses = []
    for row, labels in zip(x.reshape(-1, x.shape[-1]), y.reshape(-1, y.shape[-1]).tolist()):
        named = labels[: labels.index(-1)] if -1 in labels else labels
        others = [i for i in range(len(labels)) if i not in named]
        losses.append(F.relu(1 - row[named][:, None] + row[others][None]).sum() / len(labels))
    return reduced(torch.stack(losses).reshape(x.shape[:-1]), reduction)


def differences(x, p=2.0):
    one, other = torch.triu_indices(len(x), len(x), 1)
    return torch.linalg.vector_norm(x[one] - x[other], p, 1)


def alignments(x, targets, input_lengths, target_lengths, blank=0, reduction="mean", zero_infinity=False):
    """ctc_loss by its recursion, with a number for log 0; the gradient is, as PyTorch's, that by what x is the log_softmax of."""
    never = -1e30
    lengths = torch.as_tensor(target_lengths).reshape(-1)
    lists = list(targets.reshape(-1).split(lengths.tolist()) if targets.dim() == 1 else targets)
    losses, x3 = [], x if x.dim() == 3 else x[:, None]
    for n, (frames, count) in enumerate(zip(torch.as_tensor(input_lengths).reshape(-1).tolist(), lengths.tolist())):
        labels = torch.full((2 * count + 1,), blank)
        labels[1::2] = lists[n][:count]
        start, nothing = torch.full((2 * count + 1,), never, dtype=x.dtype), torch.full((2,), never, dtype=x.dtype)
        start[:2] = 0
        skips = torch.cat([torch.zeros(2, dtype=torch.bool), labels[2:] != labels[:-2]])[: 2 * count + 1]
        sums = start + x3[0, n, labels]
        for t in range(1, frames):
            padded = torch.cat([nothing, sums])
            far = torch.where(skips, padded[:-2], nothing[0])
            sums = torch.stack([sums, padded[1:-1], far]).logsumexp(0) + x3[t, n, labels]
        loss = -sums[-2:].logsumexp(0)
        flow = x3[:frames, n].exp().sum()
        losses.append(loss.detach() * 0 if zero_infinity and loss > 1e20 else loss + flow - flow.detach())
    losses = torch.stack(losses).reshape(x.shape[1:-1])
    return reduced(losses / lengths.clamp_min(1).reshape(losses.shape) if reduction == "mean" else losses, reduction)


def positive(args, kwargs):
    return bool((kwargs.get("var", args[-1]) >= 0).all())


def classes(args, kwargs):
    return args[0].dim() > 0


def sure(args, kwargs):
    """rrelu whose result no draw decides."""
    given = {"lower": 1 / 8, "upper": 1 / 3, "training": False, **dict(zip(("lower", "upper", "training"), args[1:])), **kwargs}
    return not given["training"] or given["lower"] == given["upper"]


same("activation", "celu hardshrink hardswish softshrink softsign tanhshrink threshold", prefix="nn.functional.")
row("activation", "prelu", "nn.functional.prelu", hoist=("weight",))
row("activation", "hardsigmoid", None, fn=gate)
same("activation", "glu", prefix="nn.functional.")
row("activation", "rrelu", "nn.functional.rrelu", keep=sure)
row("activation", "gumbelSoftmax", None, fn=F.gumbel_softmax)
row("activation", "softmin", "nn.functional.softmin", variants=("", "with_dtype"))

same("losses", "soft_margin_loss margin_ranking_loss multilabel_soft_margin_loss hinge_embedding_loss poisson_nll_loss", prefix="nn.functional.")
same("losses", "cosine_embedding_loss triplet_margin_loss triplet_margin_with_distance_loss", prefix="nn.functional.")
row("losses", "gaussianNllLoss", "nn.functional.gaussian_nll_loss", hoist=("var",), keep=positive)
row("losses", "multiMarginLoss", "nn.functional.multi_margin_loss", fn=defined(F.multi_margin_loss, multi_margin), other=True, keep=classes)
row("losses", "multilabelMarginLoss", "nn.functional.multilabel_margin_loss", fn=defined(F.multilabel_margin_loss, multilabel_margin), other=True, keep=classes)
row("losses", "ctcLoss", "nn.functional.ctc_loss", fn=defined(F.ctc_loss, alignments), other=True)
row("losses", "cosineSimilarity", "nn.functional.cosine_similarity")
row("losses", "pairwiseDistance", "nn.functional.pairwise_distance")
row("losses", "pdist", "nn.functional.pdist", fn=defined(F.pdist, differences), other=True)
row("losses", "normalize", "nn.functional.normalize")


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
    add("hardsigmoid", f(7, lo=-5.0, hi=5.0))
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
    signs = lambda *shape: torch.randint(0, 2, shape) * 2 - 1  # noqa: E731
    for name in ("hingeEmbeddingLoss", "softMarginLoss"):
        add(name, f(2, 3), signs(2, 3), reduction="none")
        add(name, f(2, 3), signs(3), reduction="sum")
        add(name, f(), signs())
        add(name, f(0, 2), signs(0, 2), reduction="sum")
        add(name, v(-30.0, 30.0, 0.0, 1.0), torch.tensor([1.0, -1.0, 1.0, -1.0]))
    add("hingeEmbeddingLoss", v(0.0, 1.0, 2.0, 3.0), v(-1.0, -1.0, 1.0, 0.5, grad=False), reduction="none")
    add("hingeEmbeddingLoss", f(5), signs(5), 2.5)
    add("marginRankingLoss", f(4), f(4), signs(4))
    add("marginRankingLoss", f(2, 3), f(2, 3), signs(1, 3), 0.5, reduction="none")
    add("marginRankingLoss", v(1.0, 2.0, 3.0), v(2.0, 1.0, 3.0), iv(1, 1, -1), margin=1.0, reduction="sum")
    add("multilabelSoftMarginLoss", f(2, 3), f(2, 3, lo=0.0, hi=1.0))
    add("multilabelSoftMarginLoss", f(2, 3), f(3, lo=0.0, hi=1.0, grad=False), f(3, lo=0.5), reduction="none")
    add("multilabelSoftMarginLoss", f(4), signs(4), reduction="sum")
    add("poissonNllLoss", f(2, 3), f(2, 3, lo=0.5))
    add("poissonNllLoss", f(2, 3, lo=0.5), f(3, lo=1.5, hi=4.0), False, True, reduction="none")
    add("poissonNllLoss", f(4), v(1.0, 1.5, 2.0, 7.0), full=True, reduction="sum")
    add("poissonNllLoss", f(4), i(4, lo=0, hi=5))
    add("poissonNllLoss", v(0.0, 0.5), f(2, lo=0.0), log_input=False, eps=0.25)
    add("gaussianNllLoss", f(2, 3), f(2, 3), f(2, 3, lo=0.2))
    add("gaussianNllLoss", f(2, 3), f(2, 3), f(2, lo=0.2), full=True, reduction="none")
    add("gaussianNllLoss", f(2, 3), f(2, 3), f(2, 1, lo=0.2), reduction="sum")
    add("gaussianNllLoss", f(3), f(3), v(0.0, 0.25, 2.0), eps=0.5)
    add("gaussianNllLoss", f(2, 3), f(3), f(2, 3, lo=0.2))
    add("cosineEmbeddingLoss", f(4, 3), f(4, 3), signs(4))
    add("cosineEmbeddingLoss", f(4, 3), f(1, 3), signs(4), -0.5, reduction="none")
    add("cosineEmbeddingLoss", f(3), f(3), torch.tensor(-1), margin=-0.9, reduction="sum")
    add("cosineEmbeddingLoss", f(2, 3), f(2, 3), iv(1, 0), reduction="sum")
    for name in ("tripletMarginLoss", "tripletMarginWithDistanceLoss"):
        add(name, f(4, 3), f(4, 3), f(4, 3), margin=2.0)
        add(name, f(4, 3), f(4, 3), f(4, 3), margin=5.0, swap=True, reduction="none")
        add(name, f(3), f(3), f(3), margin=6.0, reduction="sum")
        add(name, f(2, 2, 3), f(2, 2, 3), f(1, 2, 3), margin=0.5)
    add("tripletMarginLoss", f(4, 3), f(4, 3), f(1, 3), 3.0, 1, 1e-3, True)
    add("tripletMarginLoss", f(4, 3), f(4, 3), f(4, 3), 3.0, 3.0)
    add("multiMarginLoss", f(4, 3), iv(0, 2, 1, 1))
    add("multiMarginLoss", f(3, 4), iv(0, 3, 1), 2, 0.5, f(4, lo=0.5, grad=False), reduction="none")
    add("multiMarginLoss", f(3), torch.tensor(1), margin=2.0, reduction="sum")
    add("multiMarginLoss", torch.tensor([[1.0, 0.0, 2.0], [0.0, 0.0, 1.0]]).requires_grad_(), iv(0, 1), reduction="none")
    add("multilabelMarginLoss", f(2, 4), torch.tensor([[3, 0, -1, 1], [1, -1, 2, 0]]))
    add("multilabelMarginLoss", f(3), iv(2, 2, 0), reduction="none")
    add("multilabelMarginLoss", f(3, 3), torch.tensor([[-1, 0, 1], [0, 1, 2], [1, -1, -1]]), reduction="none")
    add("multilabelMarginLoss", f(2, 5), torch.tensor([[0, 1, -1, -1, -1], [4, -1, -1, -1, -1]]), reduction="sum")
    logs = lambda *shape: f(*shape, grad=False).log_softmax(-1).requires_grad_()  # noqa: E731
    pairs = torch.tensor([[1, 2], [3, 3]])
    add("ctcLoss", logs(6, 2, 4), pairs, (6, 5), (2, 2))
    add("ctcLoss", f(6, 2, 4), pairs, iv(6, 3), iv(1, 2), reduction="none")
    add("ctcLoss", logs(5, 3, 3), iv(1, 2, 2, 2), (5, 4, 2), (2, 2, 0), reduction="sum")
    add("ctcLoss", logs(5, 2, 4), torch.tensor([[1, 0], [2, -1]]), iv(5, 3), iv(2, 1), 3, "none")
    add("ctcLoss", logs(5, 2, 3), pairs - 1, (5, 2), (2, 2), zero_infinity=True)
    add("ctcLoss", logs(4, 3), iv(1, 1), iv(4), iv(2))
    add("ctcLoss", logs(4, 1, 3), iv(2), torch.tensor([4]), torch.tensor([1]), blank=1, reduction="mean")
    add("ctcLoss", logs(3, 1, 3), torch.zeros(1, 0, dtype=torch.int64), (3,), (0,))
    add("cosineSimilarity", f(3, 4), f(3, 4))
    add("cosineSimilarity", f(2, 3, 2), f(3, 1), dim=-2)
    add("cosineSimilarity", f(4), f(4), 0, 1e-6)
    add("cosineSimilarity", torch.tensor([[0.25, 0.0], [3.0, 4.0]]).requires_grad_(), f(2, 2), eps=0.5)
    add("cosineSimilarity", torch.zeros(1, 2).requires_grad_(), f(1, 2), eps=0.5)
    add("cosineSimilarity", f(0, 3), f(0, 3))
    add("cosineSimilarity", i(2, 3), f(2, 3))
    add("pairwiseDistance", f(3, 4), f(3, 4))
    add("pairwiseDistance", f(2, 3), f(3), 1.0, keepdim=True)
    add("pairwiseDistance", f(4), f(4), p=3.0, eps=0.0)
    add("pairwiseDistance", f(0, 2), f(0, 2))
    add("pairwiseDistance", f(2, 3), f(2, 3), p=INF)
    add("pairwiseDistance", v(1.0, 2.0), v(1.0, 2.0), eps=0.0)
    add("pdist", f(4, 3))
    for p in (1.0, 3.0, INF, 1.5):
        add("pdist", f(4, 2), p)
    add("pdist", torch.tensor([[1.0, 2.0], [1.0, 2.0], [3.0, 2.0]]).requires_grad_())
    add("pdist", f(1, 3))
    add("normalize", f(3, 4))
    add("normalize", f(2, 3, 2), 1.0, -1)
    add("normalize", f(4), dim=0, p=3.0)
    add("normalize", torch.tensor([[0.0, 0.0], [3.0, 4.0], [0.25, 0.0]]).requires_grad_(), eps=0.5)
    add("normalize", f(2, 3), 2.0, (0, 1))
    add("normalize", f(0, 2))
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
    add("ctcLoss", f(4, 1, 3), iv(1, 2), (5,), (2,))
    add("ctcLoss", f(4, 2, 3), iv(1, 2), (4,), (1, 1))
    add("ctcLoss", f(4, 2, 3), iv(1, 2, 1), (4, 4), (1, 1))
    add("ctcLoss", f(4, 1, 3), iv(1), (4,), (1,), 3)
    add("multiMarginLoss", f(2, 3), iv(0, 3))
    add("multiMarginLoss", f(2, 3), iv(0))
    add("multiMarginLoss", f(2, 3), iv(0, 1), 3)
    add("multilabelMarginLoss", f(3), iv(0, 3, -1))
    add("multilabelMarginLoss", f(2, 3), iv(0, 1, -1))
    add("cosineEmbeddingLoss", f(3), f(3), iv(1, -1, 1))
    add("cosineEmbeddingLoss", f(2, 3), f(2, 3), torch.tensor(1))
    add("marginRankingLoss", f(2), f(2), torch.tensor(1))
    add("tripletMarginLoss", f(2, 3), f(2, 3), f(3))
    add("softMarginLoss", f(3), f(2, 3))
    add("multilabelSoftMarginLoss", f(), f())
    add("gaussianNllLoss", f(2, 3), f(2, 3), f(3, lo=0.5))
    add("poissonNllLoss", f(3), f(3), reduction="total")
    add("cosineSimilarity", f(3), f(3))
    add("cosineSimilarity", i(2, 3), i(2, 3))
    add("pairwiseDistance", f(2, 3), f(2, 2))
    add("pdist", f(3))
    add("pdist", f(3, 2), -1.0)
    add("normalize", f(3))
    for name in ("celu", "hardshrink", "hardsigmoid", "hardswish", "softshrink"):
        add(name, i(3))
    return s
