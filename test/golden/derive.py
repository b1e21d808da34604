"""One golden case from one sample: values, cotangents, gradients, second gradients and how far PyTorch's float32 is from them."""
import zlib

import torch

from encode import DTYPES, flat, tensor_entry, tree_map
from mapping import camel

MAX_ELEMENTS, DIGITS, E32_LIMIT = 2000, 10, 1e-3


def seeded(text):
    return torch.Generator().manual_seed(zlib.crc32(text.encode()))


def share(fn):
    """tree_map with one result per distinct tensor, so a tensor used twice stays one tensor."""
    memo = {}
    return lambda t: memo.setdefault(id(t), (t, fn(t)))[1]


def outputs_of(result):
    if isinstance(result, torch.Tensor):
        return [result], 0
    if type(result).__module__ == "torch.return_types":
        return list(result), {camel(name): k for k, name in enumerate(type(result).__match_args__)}
    return list(result), list(range(len(result)))


def compute(item, dtype, case_name):
    """Everything of one sample in one precision: outputs, cotangents, gradients, second gradients, changed buffers."""
    mapper = share(lambda t: t.detach().to(dtype if t.is_floating_point() else t.dtype, copy=True).requires_grad_(t.requires_grad))
    swap = lambda x: dtype if isinstance(x, torch.dtype) and x.is_floating_point else x  # noqa: E731
    args = [swap(tree_map(a, mapper)) for a in item["args"]]
    kwargs = {k: swap(tree_map(x, mapper)) for k, x in item["kwargs"].items()}
    leaves = [mapper(t) for t in item["tensors"]]
    before = [t.detach().clone() for t in leaves]
    outs, structure = outputs_of(item["fn"](*args, **kwargs))
    run = {"outs": outs, "structure": structure, "after": {}, "cot": None, "grad": None, "gg": None}
    for k, (t, old) in enumerate(zip(leaves, before)):
        if not torch.equal(t.detach(), old) and not (old != old).any():
            run["after"][k] = t.detach()
    inputs = [t for t in leaves if t.requires_grad]
    live = [o for o in outs if o.requires_grad]
    if not inputs or not live:
        return run
    gen = seeded(case_name)
    cots = [(torch.randn(o.shape, generator=gen, dtype=torch.float64) * 100).round().div(100).to(o.dtype).requires_grad_() for o in live]
    vvs = [(torch.randn(t.shape, generator=gen, dtype=torch.float64) * 100).round().div(100).to(dtype) for t in inputs]
    grads = torch.autograd.grad(live, inputs, cots, create_graph=True, allow_unused=True)
    place = lambda of, where, values: [values[[id(x) for x in where].index(id(x))] if any(x is y for y in where) else None for x in of]  # noqa: E731
    run["cot"], run["grad"] = place(outs, live, cots), place(leaves, inputs, list(grads))
    terms = [(v * g).sum() for v, g in zip(vvs, grads) if g is not None and g.requires_grad]
    if terms:
        second = torch.autograd.grad(sum(terms), [*inputs, *cots], allow_unused=True)
        run["vv"] = place(leaves, inputs, vvs)
        run["gg"] = place(leaves, inputs, list(second[: len(inputs)])), place(outs, live, list(second[len(inputs) :]))
    return run


def deviation(low, high):
    """Largest relative difference of a float32 result from the float64 one; infinity when they differ in NaN or Inf."""
    worst = 0.0
    for a, b in zip(low, high):
        if (a is None) != (b is None):
            a, b = (torch.zeros_like(b) if a is None else a), (torch.zeros_like(a) if b is None else b)
        if a is None:
            continue
        if not b.is_floating_point():
            worst = worst if torch.equal(a, b) else float("inf")
            continue
        a, b = a.detach().double().reshape(-1), b.detach().to(torch.float32).double().reshape(-1)
        if not torch.equal(a.isnan(), b.isnan()) or not torch.equal(a.isinf(), b.isinf()):
            return float("inf")
        fine = b.isfinite()
        if fine.any():
            worst = max(worst, float(((a - b).abs() / b.abs().clamp_min(1))[fine].max()))
    return worst


def none(t):
    """All zero, which the fixture writes as null."""
    return t._is_zerotensor() or not bool((t != 0).any())


def finish(item, case_name):
    """The finished case, or the reason it was left out."""
    try:
        torch.set_default_dtype(torch.float32)
        low = compute(item, torch.float32, case_name)
        torch.set_default_dtype(torch.float64)
        high = compute(item, torch.float64, case_name)
    except RuntimeError as error:
        return None, f"torch: {str(error).splitlines()[0][:80]}"
    finally:
        torch.set_default_dtype(torch.float32)
    if sum(o.numel() for o in high["outs"]) > MAX_ELEMENTS:
        return None, "large"
    if any(o.is_floating_point() and o.isnan().any() for o in high["outs"]) and item["source"] == "opinfo":
        return None, "NaN"
    e32 = [deviation(low["outs"], high["outs"])]
    if high["grad"]:
        e32.append(deviation(low["grad"], high["grad"]))
    if high["gg"]:
        e32.append(deviation([*low["gg"][0], *low["gg"][1]], [*high["gg"][0], *high["gg"][1]]) if low["gg"] else float("inf"))
    if e32[0] > E32_LIMIT:
        return None, "float32 disagrees"
    keep_grad = high["grad"] and e32[1] <= E32_LIMIT
    broken = high["gg"] and any(g is not None and bool(g.isnan().any()) for g in [*high["gg"][0], *high["gg"][1]])
    keep_gg = keep_grad and high["gg"] and e32[2] <= E32_LIMIT and not broken and item["source"] != "extreme"
    if high["gg"] and not keep_gg and item["source"] == "opinfo":
        return None, "float32 gradient disagrees"
    # PyTorch's second derivative of an embedding forgets scale_grad_by_freq.
    keep_gg = keep_gg and not item["call"].get("options", {}).get("scaleGradByFreq")
    case = dict(item["call"])
    case["source"] = item["source"]
    results = []
    for o, single_precision in zip(high["outs"], low["outs"]):
        entry = tensor_entry(o, DIGITS)
        entry["dtype"] = DTYPES[single_precision.dtype]
        if o.requires_grad:
            entry["grad"] = True
        results.append(entry)
    case["results"], case["out"] = results, high["structure"]
    if high["after"]:
        case["after"] = {k: flat(t, DIGITS) for k, t in high["after"].items()}
    floats_in = any(t.is_floating_point() for t in item["tensors"])
    # float() computes in float32 whatever it is given.
    floats_in = floats_in and not any(o.dtype is torch.float32 for o in high["outs"])
    asks_float = "float32" in item["call"]["args"] or item["call"].get("options", {}).get("dtype") == "float32"
    if any(r["dtype"] == "float32" for r in results) and (asks_float or not floats_in):
        case["f32"] = True
    values = lambda ts, digits=DIGITS: [None if t is None or none(t) else flat(t, digits) for t in ts]  # noqa: E731
    if keep_grad:
        case["cot"], case["grad"] = values(high["cot"], None), values(high["grad"])
        for g, t in zip(case["grad"], case["tensors"]):
            for k in [k for k, x in enumerate(g or []) if x == "NaN" and t["data"][k] != "NaN"]:
                g[k] = None
    if keep_gg:
        case["vv"] = values(high["vv"], None)
        case["gg"] = {"inputs": values(high["gg"][0]), "cot": values(high["gg"][1])}
    case["e32"] = [float("%.2g" % e) for e in e32[: 1 + bool(keep_grad) + bool(keep_gg)]]
    return case, None
