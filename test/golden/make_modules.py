"""Makes the fixtures of modules with PyTorch 1.13: weights that are parametrized or normed, fused layers, lazy layers, the adaptive softmax.

    /usr/bin/python3 test/golden/make_modules.py

Writes test/golden/training/modules.json.gz, the same bytes at every run on one machine. A layer is given by its name here and its arguments;
everything is float32, made and called right after torch.manual_seed(SEED).

  reparametrized  what nn.utils makes of a layer: text, state, and for two steps of gradient descent output, gradients and state; then the
                  output in evaluation mode, and the state when the parametrization was taken away
  fused           output and state of a layer with batch normalisation taken in
  lazy            text and keys of a lazy layer; state, text, output and the next random number after the first call
  adaptive        text and state of an adaptive softmax; output, loss, gradients by input and parameters, those of a weighted sum of the input's,
                  all log-probabilities and the likeliest classes
"""
import operator
import os
import re
import sys

import torch
from torch import nn

sys.dont_write_bytecode = True
from encode import flat, write_json_gz  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
SEED, RATE = 42, 0.1
torch.set_num_threads(1)


def snake(name):
    return re.sub("([A-Z])", lambda c: "_" + c[0].lower(), name)


def seeded(make):
    torch.manual_seed(SEED)
    return make()


def entry(t):
    return {"shape": list(t.shape), "data": flat(t)}


def state(module):
    return {k: entry(t) for k, t in module.state_dict().items()}


def spread(shape):
    """Numbers between -1 and 1 with three decimals."""
    n = torch.Size(shape).numel()
    return torch.tensor([((37 * i + 11) % 201 - 100) / 100 for i in range(n)]).reshape(shape)


def layer(name, args):
    return getattr(nn, name)(*args)


UTILITIES = [
    ("weightNorm", "Linear", [3, 2], {}, [4, 3]), ("weightNorm", "Linear", [3, 2], {"dim": None}, [4, 3]), ("weightNorm", "Linear", [3, 2], {"dim": 1}, [4, 3]),
    ("weightNorm", "Conv2d", [2, 3, 2], {}, [2, 2, 4, 4]), ("weightNorm", "ConvTranspose1d", [2, 3, 2], {"dim": 1}, [2, 2, 4]), ("weightNorm", "Linear", [3, 2], {"name": "bias"}, [4, 3]),
    ("spectralNorm", "Linear", [3, 4], {}, [4, 3]), ("spectralNorm", "Linear", [3, 4], {"nPowerIterations": 3, "dim": 1}, [4, 3]),
    ("spectralNorm", "Conv2d", [2, 3, 2], {}, [2, 2, 4, 4]), ("spectralNorm", "ConvTranspose2d", [2, 3, 2], {"eps": 0.25}, [2, 2, 3, 3]),
    ("parametrizations.spectralNorm", "Linear", [3, 4], {}, [4, 3]), ("parametrizations.spectralNorm", "Conv1d", [3, 5, 2], {"nPowerIterations": 2}, [2, 3, 4]),
    ("parametrizations.spectralNorm", "ConvTranspose1d", [2, 3, 2], {}, [2, 2, 4]), ("parametrizations.spectralNorm", "Linear", [3, 4], {"name": "bias"}, [4, 3]),
    ("parametrizations.orthogonal", "Linear", [3, 3], {}, [4, 3]), ("parametrizations.orthogonal", "Linear", [2, 4], {}, [4, 2]),
    ("parametrizations.orthogonal", "Linear", [4, 2], {}, [4, 4]), ("parametrizations.orthogonal", "Linear", [2, 4], {"orthogonalMap": "matrix_exp"}, [4, 2]),
    ("parametrizations.orthogonal", "Linear", [4, 2], {"orthogonalMap": "matrix_exp"}, [4, 4]), ("parametrizations.orthogonal", "Linear", [3, 3], {"orthogonalMap": "householder"}, [4, 3]),
    ("parametrizations.orthogonal", "Conv1d", [3, 2, 4], {}, [2, 3, 5]), ("parametrizations.orthogonal", "Linear", [3, 3], {"orthogonalMap": "householder", "useTrivialization": False}, [4, 3]),
    ("parametrizations.orthogonal", "Linear", [4, 2], {"useTrivialization": False}, [4, 4]), ("parametrizations.orthogonal", "Linear", [2, 4], {"useTrivialization": False}, [4, 2]),
    ("parametrizations.orthogonal", "Linear", [3, 3], {"useTrivialization": False}, [4, 3]), ("parametrizations.orthogonal", "Linear", [2, 4], {"orthogonalMap": "matrix_exp", "useTrivialization": False}, [4, 2]),
]  # fmt: skip


def taken_away(module, path, options):
    name = options.get("name", "weight")
    if path.startswith("parametrizations"):
        return nn.utils.parametrize.remove_parametrizations(module, name)
    return getattr(nn.utils, "remove_" + snake(path))(module, name)


def reparametrized():
    cases = []
    for path, name, args, options, shape in UTILITIES:
        apply = operator.attrgetter(snake(path))(nn.utils)
        module = seeded(lambda: apply(layer(name, args), **{snake(k): v for k, v in options.items()}))
        case = {"apply": path, "layer": name, "args": args, "options": options, "text": str(module), "state": state(module), "steps": []}
        x = spread(shape)
        for _ in range(2):
            module.zero_grad()
            y = module(x)
            (y * spread(y.shape)).sum().backward()
            gradients = {k: entry(p.grad) for k, p in module.named_parameters()}
            with torch.no_grad():
                for p in module.parameters():
                    p -= RATE * p.grad
            case["steps"].append({"output": entry(y), "gradients": gradients, "state": state(module)})
        case["eval"] = entry(module.eval()(x))
        if path == "parametrizations.orthogonal":
            norm = getattr(module, options.get("name", "weight"))
            case["value"] = entry(norm)
        plain = taken_away(module, path, options)
        case["plain"] = {"text": str(plain), "state": state(plain), "output": entry(plain(x))}
        cases.append({**case, "input": entry(x)})
    return cases


def fused():
    cases = []
    for name, args, options, norm, shape in [
        ("Conv2d", [2, 3, 2], {}, ["BatchNorm2d", [3]], [2, 2, 4, 4]), ("Conv1d", [2, 4, 2, 1, 0, 1, 2, False], {}, ["BatchNorm1d", [4, 1e-3, 0.1, False]], [2, 2, 4]),
        ("ConvTranspose2d", [2, 3, 2], {"transpose": True}, ["BatchNorm2d", [3]], [2, 2, 3, 3]), ("Linear", [3, 4], {}, ["BatchNorm1d", [4]], [4, 3]),
    ]:  # fmt: skip
        module, bn = seeded(lambda: layer(name, args)), layer(*norm)
        for k, t in enumerate([*bn.parameters(), bn.running_mean, bn.running_var]):
            t.data = spread([5, *t.shape])[k].abs() + 0.25
        fuse = nn.utils.fusion.fuse_linear_bn_eval if name == "Linear" else nn.utils.fuse_conv_bn_eval
        both = fuse(module.eval(), bn.eval(), **options)
        x = spread(shape)
        cases.append({"layer": name, "args": args, "options": options, "norm": norm, "normState": state(bn), "input": entry(x), "state": state(both), "output": entry(both(x)), "unfused": entry(bn(module(x)))})
    return cases


def lazy():
    cases = []
    for name, args, shape in [
        ("LazyLinear", [3], [4, 2]), ("LazyLinear", [2, False], [2, 3, 5]), ("LazyConv1d", [4, 3, 2], [2, 2, 7]), ("LazyConv2d", [4, 3, 1, 1, 1, 2], [2, 2, 5, 5]),
        ("LazyConv3d", [2, 2, 1, 0, 1, 1, False], [1, 2, 3, 3, 3]), ("LazyConv1d", [4, 3], [2, 7]), ("LazyConvTranspose1d", [3, 2], [2, 2, 4]), ("LazyConvTranspose2d", [4, 3, 2, 1, 1, 2], [1, 2, 3, 3]),
        ("LazyConvTranspose3d", [2, 2], [1, 2, 2, 2, 2]), ("LazyBatchNorm1d", [], [4, 3]), ("LazyBatchNorm1d", [1e-3, 0.2, False], [4, 3, 2]), ("LazyBatchNorm2d", [1e-5, None], [2, 3, 2, 2]),
        ("LazyBatchNorm3d", [1e-5, 0.1, True, False], [2, 3, 2, 2, 2]), ("LazyInstanceNorm1d", [], [4, 3, 5]), ("LazyInstanceNorm2d", [1e-3, 0.2, False], [2, 3, 2, 2]),
        ("LazyInstanceNorm3d", [1e-5, 0.1, True, False], [1, 2, 2, 2, 2]),
    ]:  # fmt: skip
        module = seeded(lambda: layer(name, args))
        case = {"layer": name, "args": args, "text": str(module), "keys": list(module.state_dict()), "input": entry(spread(shape))}
        output = module(spread(shape))
        cases.append({**case, "output": entry(output), "after": str(module), "state": state(module), "next": float(torch.rand(1))})
    return cases


def adaptive():
    cases = []
    for args, shape, target in [
        ([6, 12, [3, 7], 2.0], [5, 6], [0, 2, 5, 11, 7]), ([5, 9, [1, 4, 6], 1.5, True], [6, 5], [0, 3, 1, 5, 8, 4]), ([8, 6, [2]], [1, 8], [4]), ([4, 7, [5], 2.0, True], [4], 6),
    ]:  # fmt: skip
        module = seeded(lambda: nn.AdaptiveLogSoftmaxWithLoss(*args))
        x = spread(shape).requires_grad_()
        parameters = dict(module.named_parameters())
        leaves = [x, *parameters.values()]
        # PyTorch leaves out clusters without a target; their gradients are zeros.
        grad = lambda y, **more: [entry(torch.zeros_like(p) if g is None else g) for p, g in zip(leaves, torch.autograd.grad(y, leaves, allow_unused=True, **more))]  # noqa: E731
        output, loss = module(x, torch.tensor(target))
        total = (output * spread(output.shape)).sum() + loss
        (slope,) = torch.autograd.grad(total, x, create_graph=True)
        # log_prob takes batches only.
        rows = x if x.dim() == 2 else x.unsqueeze(0)
        case = {"args": args, "text": str(module), "state": state(module), "input": entry(x), "target": target, "output": entry(output), "loss": float(loss)}
        case |= {"gradients": grad(total, retain_graph=True), "second": grad((slope * spread(slope.shape)).sum())}
        cases.append({**case, "logProb": flat(module.log_prob(rows)), "predict": module.predict(rows).tolist()})
    return cases


def main():
    parts = {"seed": SEED, "rate": RATE, "reparametrized": reparametrized(), "fused": fused(), "lazy": lazy(), "adaptive": adaptive()}
    path = f"{HERE}/training/modules.json.gz"
    raw = write_json_gz(path, {"torch": torch.__version__, **parts})
    print(f"modules: {raw} bytes, {os.path.getsize(path)} gzipped")


main()
