"""Makes the golden operator cases from PyTorch: values, gradients, second gradients and error inputs.

    /usr/bin/python3 test/golden/make.py [family ...]

Needs PyTorch 1.13 with its OpInfo database (Debian: python3-torch). Writes test/golden/ops/<family>.json.gz and ops/errors.json.gz, the
same bytes at every run, but for `e32` of convolutions, which follows the machine's float32 kernels; prints counts. The format is described
in loader.ts. `npm run docs` then writes the index of the cases, index.md.

How a case is made. A sample of the database (or of samples.py) has its floats rounded to 4 significant digits and then to float32; everything
is computed from those in float64 and kept to 10 significant digits. With outputs y_k, seeded cotangents c_k and inputs x_j that require grad:
  grad_j  = d(sum_k <c_k, y_k>) / dx_j
  gg      = derivatives of s = sum_j <v_j, grad_j> with seeded v_j, with respect to every x_j and every c_k
null stands for "no dependence" and equals zeros. The same sample is also run in PyTorch's float32: `e32` is its largest deviation from
float64, max |a - b| / max(1, |b|), for [values, grad, gg]; a sample where that is above 1e-3 (a jump or a cancellation) is left out.
Gradients where PyTorch has NaN although the input is a number are null inside the list: not compared. Second gradients with NaN are left out.
"""
import glob
import importlib
import os
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

from derive import MAX_ELEMENTS, finish, share  # noqa: E402
from encode import DTYPES, Encoder, Unexpressible, integer_scalar_trap, round_digits, tree_map, write_json_gz  # noqa: E402
from mapping import MAX_CASES, ROWS, camel  # noqa: E402
from samples import EXTREME, EXTREME_VALUES, own, throws  # noqa: E402
from samples_layout import layout  # noqa: E402
from samples_pointwise import pointwise  # noqa: E402

warnings.filterwarnings("ignore")
QUOTA = {torch.int64: 2, torch.bool: 1, torch.uint8: 1}
HERE = os.path.dirname(os.path.abspath(__file__))
# Families of an area each: rows when imported, and own() and throws() in the form of samples.py.
AREAS = [importlib.import_module(os.path.basename(path)[:-3]) for path in sorted(glob.glob(f"{HERE}/rows_*.py"))]


def reseed(text):
    """The database draws from PyTorch's and from Python's generator."""
    torch.manual_seed(zlib.crc32(text.encode()))
    random.seed(text)


def rounded(t, digits=4):
    """The tensor as the fixture stores it: floats shortened, a plain contiguous leaf."""
    new = round_digits(t.detach(), digits).to(torch.float32) if t.is_floating_point() else t.detach().clone()
    return new.contiguous().requires_grad_(t.requires_grad)


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


def callee(row):
    return row["fn"] or next((o.op for o in database(row)), None)


def candidates(row):
    """(callable, args, kwargs, source) of every sample worth considering, our own first."""
    found = []
    infos = database(row)
    fn = callee(row)
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
                found.append((fn if row["other"] else info.op, args, kwargs, "opinfo"))
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


def select(row):
    """
    Our own finished cases, then at most `most` of the database: those that add most new features per size; then those of MORE, last, so
    that what they are changes no case before them.
    """
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
    while items and taken["all"] < row["most"]:
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
    for args, kwargs, source in MORE.pop(row["name"], []):
        item = prepare(row, callee(row), args, kwargs, source)
        case, reason = finish(item, f"{row['name']}#{len(cases)}") if item else (None, "not expressible")
        if case is None:
            print(f"  {row['name']}: more sample left out ({reason}): {args} {kwargs}")
        else:
            cases.append(case)
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
    fn = callee(row)
    found += [(fn, args, kwargs, "own") for args, kwargs in THROWS.pop(row["name"], [])]
    cases, seen = [], set()
    for fn, args, kwargs, source in found:
        ERRORS["seen"] += 1
        narrow = share(lambda t: t.detach().to({torch.int32: torch.int64, torch.float64: torch.float32}.get(t.dtype, t.dtype)))
        try:
            if "out" in kwargs:
                raise Unexpressible("out")
            if any(t.is_meta for t in flatten(args) + flatten(kwargs)):
                raise Unexpressible("no memory")
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
    global OWN, MORE, THROWS, DROPPED, ERRORS
    OWN, THROWS, DROPPED, ERRORS = own(), throws(), {}, {"seen": 0}
    MORE = {**pointwise(), **layout()}
    for area in AREAS:
        reseed(area.__name__)
        OWN |= area.own() if hasattr(area, "own") else {}
        THROWS |= area.throws() if hasattr(area, "throws") else {}
    wanted = sys.argv[1:] or [*dict.fromkeys(r["family"] for r in ROWS), "errors"]
    by_family, errors, total = {}, [], 0
    for r in ROWS:
        if r["family"] in wanted:
            by_family.setdefault(r["family"], []).extend(select(r))
        if "errors" in wanted:
            errors += error_cases(r)
    if "errors" in wanted:
        by_family["errors"] = errors
    os.makedirs(f"{HERE}/ops", exist_ok=True)
    for family, cases in by_family.items():
        path = f"{HERE}/ops/{family}.json.gz"
        raw = write_json_gz(path, {"torch": torch.__version__, "cases": cases})
        size = os.path.getsize(path)
        total += size
        counts = {}
        for case in cases:
            counts[case["op"]] = counts.get(case["op"], 0) + 1
        print(f"{family}: {len(cases)} cases, {raw} bytes, {size} gzipped, {sum('grad' in c for c in cases)} grad, {sum('gg' in c for c in cases)} gg")
        print("  " + ", ".join(f"{name} {n}" for name, n in counts.items()))
    print(f"total {total} bytes; samples left out: {DROPPED}; error inputs: {ERRORS}")
    if not sys.argv[1:]:
        assert not OWN and not MORE and not THROWS, f"no such operator: {[*OWN, *MORE, *THROWS]}"


main()
