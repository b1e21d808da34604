"""Makes the golden operator cases from PyTorch: values, gradients, second gradients and error inputs.

    /usr/bin/python3 test/golden/make.py [family ...]

Needs PyTorch 1.13 with its OpInfo database (Debian: python3-torch). Writes test/golden/ops/<family>.json.gz and ops/errors.json.gz, the
same bytes at every run; prints counts. The format is described in loader.ts.

How a case is made. A sample of the database (or of samples.py) has its floats rounded to 4 significant digits and then to float32; everything
is computed from those in float64 and kept to 10 significant digits. With outputs y_k, seeded cotangents c_k and inputs x_j that require grad:
  grad_j  = d(sum_k <c_k, y_k>) / dx_j
  gg      = derivatives of s = sum_j <v_j, grad_j> with seeded v_j, with respect to every x_j and every c_k
null stands for "no dependence" and equals zeros. The same sample is also run in PyTorch's float32: `e32` is its largest deviation from
float64, max |a - b| / max(1, |b|), for [values, grad, gg]; a sample where that is above 1e-3 (a jump or a cancellation) is left out.
Gradients where PyTorch has NaN although the input is a number are null inside the list: not compared. Second gradients with NaN are left out.
"""
import random
import sys
import types
import warnings
import zlib

import torch

stub = types.ModuleType("expecttest")
stub.TestCase, stub.ACCEPT = type("TestCase", (__import__("unittest").TestCase,), {}), False
sys.modules["expecttest"], sys.dont_write_bytecode = stub, True
from torch.testing._internal.common_methods_invocations import op_db  # noqa: E402

from encode import DTYPES, Encoder, Unexpressible, flat, integer_scalar_trap, round_digits, tensor_entry, tree_map, write_json_gz  # noqa: E402
from mapping import ROWS, camel  # noqa: E402
from samples import EXTREME, EXTREME_VALUES, own, throws  # noqa: E402

warnings.filterwarnings("ignore")
MAX_CASES, MAX_ELEMENTS, DIGITS, E32_LIMIT = 12, 2000, 10, 1e-3
QUOTA = {torch.int64: 2, torch.bool: 1, torch.uint8: 1}
HERE = __file__.rsplit("/", 1)[0]
NAMED = {"max": ["values", "indices"], "min": ["values", "indices"]}


def seeded(text):
    return torch.Generator().manual_seed(zlib.crc32(text.encode()))


def reseed(text):
    """The database draws from PyTorch's and from Python's generator."""
    torch.manual_seed(zlib.crc32(text.encode()))
    random.seed(text)


def rounded(t, digits=4):
    """The tensor as the fixture stores it: floats shortened, a plain contiguous leaf."""
    new = round_digits(t.detach(), digits).to(torch.float32) if t.is_floating_point() else t.detach().clone()
    return new.contiguous().requires_grad_(t.requires_grad)


def share(fn):
    """tree_map with one result per distinct tensor, so a tensor used twice stays one tensor."""
    memo = {}
    return lambda t: memo.setdefault(id(t), (t, fn(t)))[1]


def hoist(row, args, kwargs):
    args, kwargs = list(args), dict(kwargs)
    for name in row["hoist"]:
        if name in kwargs:
            args.append(kwargs.pop(name))
    return args, kwargs


def single(x):
    return torch.float32 if x is torch.float64 else x


def expressible_dtypes(x):
    if isinstance(x, (list, tuple)):
        return all(expressible_dtypes(y) for y in x)
    return not isinstance(x, torch.Tensor) or x.dtype in DTYPES


def database(row):
    return [o for o in op_db if o.name == row["torch"] and (row["variants"] is None or o.variant_test_name in row["variants"])]


def candidates(row):
    """(callable, args, kwargs, source) of every sample worth considering, our own first."""
    found = []
    infos = database(row)
    fn = row["fn"] or (infos[0].op if infos else None)
    assert fn is not None, row["name"]
    for args, kwargs in OWN.pop(row["name"], []):
        found.append((fn, args, kwargs, "own"))
    if row["name"] in EXTREME:
        x = torch.tensor(EXTREME_VALUES).requires_grad_(bool(infos and infos[0].supports_autograd))
        found.append((fn, (x,), {}, "extreme"))
    for info in infos:
        for dtype in (torch.float32, *QUOTA):
            if dtype not in info.dtypes:
                continue
            reseed(f"{info.name}.{info.variant_test_name}.{dtype}")
            grad = info.supports_autograd and dtype is torch.float32
            for sample in info.sample_inputs("cpu", dtype, requires_grad=grad):
                args = (sample.input, *sample.args)
                kwargs = {k: single(x) for k, x in sample.kwargs.items() if k not in ("device", "requires_grad")}
                found.append((info.op, args, kwargs, "opinfo"))
    return found


def encode_call(row, args, kwargs):
    args, kwargs = hoist(row, args, kwargs)
    if row["adapt"]:
        args, kwargs = row["adapt"](args, kwargs)
    encoder = Encoder()
    return encoder.call(row["name"], args, kwargs, camel), encoder.tensors


def prepare(row, fn, args, kwargs, source):
    """The rounded sample with its encoding, or None when it does not fit our interface."""
    if row["keep"] and not row["keep"](args, kwargs):
        return None
    mapper = share(lambda t: rounded(t, 4 if source == "opinfo" else 9))
    try:
        args, kwargs = [tree_map(a, mapper) for a in args], {k: tree_map(x, mapper) for k, x in kwargs.items()}
        call, tensors = encode_call(row, args, kwargs)
    except Unexpressible:
        return None
    if integer_scalar_trap(args, kwargs, tensors) and row["family"] != "create":
        return None
    size = sum(t.numel() for t in tensors)
    if size > MAX_ELEMENTS:
        return None
    dtypes = {t.dtype for t in tensors}
    kind = torch.float32 if torch.float32 in dtypes or not dtypes else next((d for d in QUOTA if d in dtypes), torch.float32)
    return {"fn": fn, "args": args, "kwargs": kwargs, "call": call, "tensors": tensors, "size": size, "kind": kind, "source": source}


def features(item):
    """What a sample exercises, alone and in pairs; the selection wants each once per dtype, in as few elements as possible."""
    out, call = set(), item["call"]
    shapes = [tuple(t.shape) for t in item["tensors"]]
    for k, t in enumerate(item["tensors"]):
        out |= {("ndim", k, t.dim()), ("dtype", k, t.dtype), ("empty", k, t.numel() == 0), ("ones", k, 1 in t.shape)}
    out.add(("ranks", tuple(len(s) for s in shapes)))
    out.add(("equal", len(set(shapes)) == 1, len(shapes)))
    for k, value in enumerate(call["args"]):
        text = str(value)
        out |= {("arg", k, text[:40]), ("kind", k, type(value).__name__, len(call["args"]))}
    for key, value in call.get("options", {}).items():
        out |= {("option", key, str(value)[:40]), ("okind", key, type(value).__name__)}
    out.add(("options", tuple(sorted(call.get("options", {})))))
    settings = [(key, str(value)[:20]) for key, value in [*enumerate(call["args"]), *call.get("options", {}).items()] if "{'t'" not in str(value)]
    pairs = {(a, b, shapes[0] if shapes else ()) for a in settings for b in settings if str(a) <= str(b)}
    return {(item["kind"], x) for x in out}, {(item["kind"], x) for x in pairs}


def outputs_of(result):
    if isinstance(result, torch.Tensor):
        return [result], 0
    if type(result).__module__ == "torch.return_types":
        return list(result), {name: k for k, name in enumerate(NAMED[type(result).__name__])}
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
    cots = [(torch.randn(o.shape, generator=gen, dtype=torch.float64) * 100).round().div(100).to(dtype).requires_grad_() for o in live]
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
        results.append(entry)
    case["results"], case["out"] = results, high["structure"]
    if high["after"]:
        case["after"] = {k: flat(t, DIGITS) for k, t in high["after"].items()}
    floats_in = any(t.is_floating_point() for t in item["tensors"])
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


def select(row):
    """Our own finished cases, then at most MAX_CASES of the database: those that add most new features per size."""
    items, seen = [], set()
    for candidate in candidates(row):
        item = prepare(row, *candidate)
        if item is None:
            DROPPED["not expressible"] = DROPPED.get("not expressible", 0) + 1
            continue
        key = str({k: x for k, x in item["call"].items() if k != "tensors"}) + str([(t.shape, t.dtype) for t in item["tensors"]])
        if key not in seen or item["source"] != "opinfo":
            seen.add(key)
            item["features"], item["pairs"] = features(item)
            items.append(item)
    cases, covered, pairs, taken = [], set(), set(), {"all": 0}
    while items and taken["all"] < MAX_CASES:
        news = lambda it: 4 * len(it["features"] - covered) + len(it["pairs"] - pairs)  # noqa: E731
        gain = lambda it: (it["source"] != "opinfo", news(it) / (1 + (it["size"] or 200) / 60) ** 0.7)  # noqa: E731
        best = items.pop(max(range(len(items)), key=lambda k: gain(items[k])))
        listed = best["source"] == "opinfo"
        if listed and not news(best):
            break
        if listed and taken.get(best["kind"], 0) >= QUOTA.get(best["kind"], MAX_CASES):
            continue
        case, reason = finish(best, f"{row['name']}#{len(cases)}")
        if case is None:
            DROPPED[reason] = DROPPED.get(reason, 0) + 1
            if not listed:
                print(f"  {row['name']}: own sample left out ({reason}): {best['call']['args']} {best['call'].get('options', '')}")
            continue
        cases.append(case)
        if listed:
            taken[best["kind"]] = taken.get(best["kind"], 0) + 1
            taken["all"] += 1
            covered |= best["features"]
            pairs |= best["pairs"]
    return cases


def error_cases(row):
    """Calls that PyTorch refuses, kept when it still refuses them with our dtypes (int64 for int32, float32 for float64)."""
    found = []
    infos = database(row)
    for info in infos:
        if info.error_inputs_func is None:
            continue
        reseed(info.name)
        for error in info.error_inputs("cpu"):
            sample = error.sample_input
            kwargs = {k: x for k, x in sample.kwargs.items() if k not in ("device", "requires_grad")}
            found.append((info.op, (sample.input, *sample.args), kwargs, "opinfo"))
    fn = row["fn"] or (infos[0].op if infos else None)
    found += [(fn, args, kwargs, "own") for args, kwargs in THROWS.pop(row["name"], [])]
    cases, seen = [], set()
    for fn, args, kwargs, source in found:
        ERRORS["seen"] += 1
        narrow = share(lambda t: t.detach().to({torch.int32: torch.int64, torch.float64: torch.float32}.get(t.dtype, t.dtype)))
        try:
            if "out" in kwargs:
                raise Unexpressible("out")
            if sum(t.numel() for t in flatten(args) + flatten(kwargs)) > MAX_ELEMENTS:
                raise Unexpressible("large")
            args, kwargs = [tree_map(a, narrow) for a in args], {k: single(tree_map(x, narrow)) for k, x in kwargs.items()}
            rewound = share(rounded)
            args, kwargs = [tree_map(a, rewound) for a in args], {k: tree_map(x, rewound) for k, x in kwargs.items()}
            call, tensors = encode_call(row, args, kwargs)
        except Unexpressible as error:
            ERRORS[str(error)] = ERRORS.get(str(error), 0) + 1
            continue
        try:
            fn(*args, **kwargs)
            ERRORS["accepted"] = ERRORS.get("accepted", 0) + 1
            if source == "own":
                print(f"  {row['name']}: accepted by torch: {call['args']} {call.get('options', '')}")
            continue
        except Exception as error:  # any refusal counts, PyTorch raises many types
            call["throws"] = f"{type(error).__name__}: {str(error).splitlines()[0][:120] if str(error) else ''}"
        for entry in call["tensors"]:
            entry.pop("grad", None)
        text = str({k: x for k, x in call.items() if k not in ("throws", "tensors")}) + str([(t.shape, t.dtype) for t in tensors])
        if "must be int, not float" in call["throws"] or text in seen:
            continue
        seen.add(text)
        numbers = call["throws"].startswith("TypeError") and any(isinstance(a, int) for a in args)
        cases.append({**call, "source": source, **({"numbers": True} if numbers else {})})
    return cases


def flatten(x):
    if isinstance(x, torch.Tensor):
        return [x]
    if isinstance(x, dict):
        return flatten(list(x.values()))
    return [t for y in x for t in flatten(y)] if isinstance(x, (list, tuple)) else []


def main():
    torch.manual_seed(20180404)
    global OWN, THROWS, DROPPED, ERRORS
    OWN, THROWS, DROPPED, ERRORS = own(), throws(), {}, {"seen": 0}
    wanted = sys.argv[1:] or [*dict.fromkeys(r["family"] for r in ROWS), "errors"]
    by_family, errors, total = {}, [], 0
    for r in ROWS:
        if r["family"] in wanted:
            by_family.setdefault(r["family"], []).extend(select(r))
        if "errors" in wanted:
            errors += error_cases(r)
    if "errors" in wanted:
        by_family["errors"] = errors
    __import__("os").makedirs(f"{HERE}/ops", exist_ok=True)
    for family, cases in by_family.items():
        path = f"{HERE}/ops/{family}.json.gz"
        raw = write_json_gz(path, {"torch": torch.__version__, "cases": cases})
        size = __import__("os").path.getsize(path)
        total += size
        counts = {}
        for case in cases:
            counts[case["op"]] = counts.get(case["op"], 0) + 1
        print(f"{family}: {len(cases)} cases, {raw} bytes, {size} gzipped, {sum('grad' in c for c in cases)} grad, {sum('gg' in c for c in cases)} gg")
        print("  " + ", ".join(f"{name} {n}" for name, n in counts.items()))
    print(f"total {total} bytes; samples left out: {DROPPED}; error inputs: {ERRORS}")
    if not sys.argv[1:]:
        assert not OWN and not THROWS, f"no such operator: {[*OWN, *THROWS]}"


main()
