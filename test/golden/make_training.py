"""Makes the training fixtures from PyTorch: initial weights, shuffles, random numbers, trajectories, optimisers, schedules, initialisers.

    /usr/bin/python3 test/golden/make_training.py

Needs PyTorch 1.13 (Debian: python3-torch) and demo/public/mnist (make_mnist.mjs). Writes test/golden/training/<name>.json.gz, the same bytes
at every run on one machine. Every entry that says `seed` was made right after torch.manual_seed(seed).

A large tensor is stored as a digest: {shape, sum, norm, stride, data} where sum and norm (Euclidean) are float64 and data holds elements
0..63 and then 64, 64 + stride, 64 + 2 stride, ... of the flattened tensor; with at most 300 elements, stride is 1 and data is everything.

  weights       model -> state_dict name -> digest of the float32 initial weights, seed 42
  trajectories  model x optimiser -> losses of 50 steps in float64 and float32, gradient digests of step 0 and weight digests at the end (both
                float64). Model initialised as in `weights`, then .double(); batch i = training images 64 i .. 64 i + 63 in file order, pixels
                float32(v / 255) as [64, 1, 28, 28], cross entropy, mean reduction, model in training mode
  shuffles      order of DataLoader(TensorDataset(arange(n)), batch_size, shuffle=True) over 2 epochs, and rand(3) afterwards
  random        results of the random functions
  optim         parameters after each of 10 steps with given gradients; schedules; gradient clipping (all float64)
  init          nn.init functions, default initialisation of layers
  promotion     rows [a, kind, b, kind, result dtype]; kind "tensor" has dimensions, "scalar" is 0-d, "number" is a Python number
"""
import gzip
import math
import os
import struct
import sys

import torch
from torch import nn
from torch.nn import functional as F

sys.dont_write_bytecode = True
from encode import flat, number, write_json_gz  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
SEED, STEPS, BATCH = 42, 50, 64
torch.set_num_threads(1)


def digest(t, digits=12):
    x = t.detach().reshape(-1)
    stride = 1 if len(x) <= 300 else math.ceil((len(x) - 64) / 236)
    keep = [*range(min(64, len(x))), *range(64, len(x), stride)]
    d = x.double()
    return {"shape": list(t.shape), "sum": float(d.sum()), "norm": float(d.norm()), "stride": stride, "data": flat(x[keep], digits)}


def seeded(make, seed=SEED):
    torch.manual_seed(seed)
    return make()


def mlp():
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 10))


def lenet():
    features = [nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()]
    return nn.Sequential(*features, nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10))


def batchnorm_net():
    first = [nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2)]
    second = [nn.Conv2d(8, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(*first, *second, nn.Flatten(), nn.Linear(16 * 7 * 7, 10))


MODELS = {"lenet": lenet, "mlp": mlp, "batchnorm": batchnorm_net}
OPTIMISERS = {
    "sgd": lambda ps: torch.optim.SGD(ps, lr=0.05, momentum=0.9),
    "adam": lambda ps: torch.optim.Adam(ps, lr=1e-3),
}


def idx(name):
    raw = gzip.open(f"{HERE}/../../demo/public/mnist/{name}.gz").read()
    rank = raw[3]
    sizes = struct.unpack(f">{rank}I", raw[4 : 4 + 4 * rank])
    return torch.frombuffer(bytearray(raw[4 + 4 * rank :]), dtype=torch.uint8).reshape(sizes)


def trajectory(model, make_optimiser, dtype, images, labels):
    net = seeded(model).to(dtype)
    optimiser, losses, gradients = make_optimiser(net.parameters()), [], None
    for step in range(STEPS):
        rows = slice(BATCH * step, BATCH * (step + 1))
        optimiser.zero_grad()
        loss = F.cross_entropy(net(images[rows].to(dtype)), labels[rows])
        loss.backward()
        if step == 0:
            gradients = {name: digest(p.grad) for name, p in net.named_parameters()}
        optimiser.step()
        losses.append(loss.item())
    return losses, gradients, {name: digest(t) for name, t in net.state_dict().items()}


def trajectories():
    images = (idx("train-images-idx3-ubyte").double() / 255).float().unsqueeze(1)[: BATCH * STEPS]
    labels = idx("train-labels-idx1-ubyte").long()[: BATCH * STEPS]
    runs = []
    for name, model in MODELS.items():
        for optimiser, make in OPTIMISERS.items():
            losses, gradients, final = trajectory(model, make, torch.float64, images, labels)
            single, _, _ = trajectory(model, make, torch.float32, images, labels)
            gap = [abs(a - b) / b for a, b in zip(single, losses)]
            print(f"  {name} {optimiser}: {losses[0]:.4f} -> {losses[-1]:.4f}; float32 off by {max(gap[:10]):.1e} in 10, {max(gap):.1e} in 50")
            runs.append({"model": name, "optimiser": optimiser, "losses": losses, "losses32": single, "gradients": gradients, "final": final})
    return {"steps": STEPS, "batch": BATCH, "seed": SEED, "runs": runs}


def shuffles():
    cases = []
    for n, batch, drop, own in [(10, 4, False, None), (100, 7, True, None), (1000, 64, False, None), (10, 3, False, 7)]:
        torch.manual_seed(SEED)
        generator = None if own is None else torch.Generator().manual_seed(own)
        data = torch.utils.data.TensorDataset(torch.arange(n))
        loader = torch.utils.data.DataLoader(data, batch_size=batch, shuffle=True, drop_last=drop, generator=generator)
        epochs = [[b[0].tolist() for b in loader] for _ in range(2)]
        cases.append({"seed": SEED, "n": n, "batchSize": batch, "dropLast": drop, "generatorSeed": own, "epochs": epochs, "randAfter": flat(torch.rand(3))})
    return cases


def random_numbers():
    cases = []

    def add(calls, results):
        cases.append({"seed": SEED, "calls": calls, "results": [{"shape": list(r.shape), "dtype": str(r.dtype)[6:].replace("int64", "int32"), "data": flat(r, 17)} for r in results]})

    torch.manual_seed(SEED)
    add(["rand([5])", "rand([2, 3])", "rand([])"], [torch.rand(5), torch.rand(2, 3), torch.rand(())])
    for n in (1, 2, 5, 15, 16, 17, 20, 35, 100):
        torch.manual_seed(SEED)
        add([f"randn([{n}])", "randn([1])", "rand([2])"], [torch.randn(n), torch.randn(1), torch.rand(2)])
        torch.manual_seed(SEED)
        add([f"randn([{n}], float64)", "rand([2], float64)"], [torch.randn(n, dtype=torch.float64), torch.rand(2, dtype=torch.float64)])
    torch.manual_seed(SEED)
    add(["randint(10, [20])", "randint(-5, 5, [7])", "randint(0, 1000000007, [3])"], [torch.randint(10, (20,)), torch.randint(-5, 5, (7,)), torch.randint(0, 1000000007, (3,))])
    for n in (0, 1, 2, 10, 1000):
        torch.manual_seed(SEED)
        add([f"randperm({n})", "rand([1])"], [torch.randperm(n), torch.rand(1)])
    torch.manual_seed(SEED)
    add(["zeros([7]).uniform_(-2, 3)", "zeros([4]).normal_(1, 2)", "zeros([20]).normal_(1, 2)"], [torch.zeros(7).uniform_(-2, 3), torch.zeros(4).normal_(1, 2), torch.zeros(20).normal_(1, 2)])
    torch.manual_seed(SEED)
    add(["zeros([12]).bernoulli_(0.3)", "bernoulli(full([8], 0.25))"], [torch.zeros(12).bernoulli_(0.3), torch.bernoulli(torch.full((8,), 0.25))])
    torch.manual_seed(2**31 + 5)
    cases.append({"seed": 2**31 + 5, "calls": ["rand([3])"], "results": [{"shape": [3], "dtype": "float32", "data": flat(torch.rand(3))}]})
    return cases


def optimisers():
    torch.manual_seed(SEED)
    short = lambda *shape: (torch.randn(shape, dtype=torch.float64) * 1000).round() / 1000  # noqa: E731
    start = [short(2, 3), short(4)]
    grads = [[short(2, 3), short(4)] for _ in range(10)]
    settings = [("SGD", {"lr": 0.1})]
    settings += [("SGD", {"lr": 0.1, **more}) for more in (
        {"momentum": 0.9}, {"momentum": 0.9, "dampening": 0.3}, {"momentum": 0.9, "nesterov": True}, {"weight_decay": 0.1}, {"maximize": True},
        {"momentum": 0.9, "weight_decay": 0.05, "nesterov": True, "maximize": True},
    )]  # fmt: skip
    for name in ("Adam", "AdamW"):
        settings += [(name, {"lr": 0.01, **more}) for more in (
            {}, {"betas": (0.8, 0.95)}, {"eps": 1e-3}, {"weight_decay": 0.1}, {"amsgrad": True}, {"maximize": True},
            {"amsgrad": True, "weight_decay": 0.2, "betas": (0.5, 0.9)},
        )]  # fmt: skip
    cases = []
    for name, options in settings:
        params = [p.clone().requires_grad_() for p in start]
        optimiser, path = getattr(torch.optim, name)(params, **options), []
        for step in grads:
            for p, g in zip(params, step):
                p.grad = g.clone()
            optimiser.step()
            path.append([flat(p, 15) for p in params])
        cases.append({"optimiser": name, "options": {camel(k): list(x) if isinstance(x, tuple) else x for k, x in options.items()}, "path": path})
    groups = [p.clone().requires_grad_() for p in start]
    optimiser = torch.optim.SGD([{"params": groups[:1], "lr": 0.2}, {"params": groups[1:], "momentum": 0.5}], lr=0.05)
    path = []
    for step in grads:
        for p, g in zip(groups, step):
            p.grad = g.clone()
        optimiser.step()
        path.append([flat(p, 15) for p in groups])
    grouped = {"optimiser": "SGD", "options": {"lr": 0.05}, "groups": [{"lr": 0.2}, {"momentum": 0.5}], "path": path}
    start_json = [{"shape": list(p.shape), "data": flat(p, 15)} for p in start]
    return {"start": start_json, "gradients": [[flat(g, 15) for g in step] for step in grads], "cases": [*cases, grouped]}


def camel(name):
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


def schedules():
    cases = []
    for name, options, count in [
        ("StepLR", {"step_size": 3}, 12), ("StepLR", {"step_size": 2, "gamma": 0.5}, 9),
        ("CosineAnnealingLR", {"T_max": 10}, 25), ("CosineAnnealingLR", {"T_max": 7, "eta_min": 0.01}, 20),
    ]:  # fmt: skip
        groups = [{"params": [torch.zeros(1, requires_grad=True)], "lr": lr} for lr in (0.1, 0.025)]
        optimiser = torch.optim.SGD(groups, lr=0.1)
        schedule, rates = getattr(torch.optim.lr_scheduler, name)(optimiser, **options), []
        for _ in range(count):
            rates.append([g["lr"] for g in optimiser.param_groups])
            optimiser.step()
            schedule.step()
        renamed = {"T_max": "tMax"}
        cases.append({"schedule": name, "options": {renamed.get(k, camel(k)): x for k, x in options.items()}, "initial": [0.1, 0.025], "rates": rates})
    return cases


def clipping():
    cases = []
    for max_norm, norm_type in [(1.0, 2.0), (100.0, 2.0), (0.5, 1.0), (0.7, math.inf), (1.0, 3.0)]:
        params = [torch.zeros(2, 2, dtype=torch.float64), torch.zeros(3, dtype=torch.float64)]
        values = [[[3.0, -4.0], [0.0, 12.0]], [1.0, -2.0, 2.0]]
        for p, g in zip(params, values):
            p.grad = torch.tensor(g, dtype=torch.float64)
        total = nn.utils.clip_grad_norm_(params, max_norm, norm_type)
        grads = [flat(p.grad, 15) for p in params]
        cases.append({"maxNorm": max_norm, "normType": number(norm_type), "gradients": values, "total": float(total), "clipped": grads})
    return cases


def initialisers():
    cases = []
    calls = [
        ("uniform_", (3, 5), [-0.5, 2.0], {}), ("normal_", (3, 5), [1.0, 0.5], {}), ("normal_", (4, 6), [], {}), ("trunc_normal_", (4, 5), [], {}),
        ("trunc_normal_", (3, 5), [0.5, 2.0, -1.0, 1.5], {}), ("xavier_uniform_", (3, 5), [], {}), ("xavier_uniform_", (4, 2, 3, 3), [], {"gain": 2.0}),
        ("xavier_normal_", (3, 5), [], {"gain": 0.5}), ("xavier_normal_", (4, 5), [], {}), ("kaiming_uniform_", (3, 5), [], {}),
        ("kaiming_uniform_", (4, 2, 3, 3), [], {"a": math.sqrt(5)}), ("kaiming_uniform_", (4, 3, 2), [], {"mode": "fan_out", "nonlinearity": "relu"}),
        ("kaiming_normal_", (3, 5), [], {"nonlinearity": "relu"}), ("kaiming_normal_", (4, 2, 3, 3), [], {"mode": "fan_out", "nonlinearity": "tanh"}),
        ("constant_", (2, 3), [0.25], {}), ("ones_", (2,), [], {}), ("zeros_", (2,), [], {}), ("eye_", (2, 3), [], {}), ("dirac_", (4, 2, 3), [], {}),
        ("dirac_", (4, 2, 3, 3), [2], {}),
    ]  # fmt: skip
    for name, shape, args, options in calls:
        t = seeded(lambda: getattr(nn.init, name)(torch.empty(shape), *args, **options))
        cases.append({"seed": SEED, "init": camel(name.rstrip("_")) + "_", "shape": shape, "args": args, "options": options, "data": flat(t)})
    gains = [["linear", None], ["conv2d", None], ["sigmoid", None], ["tanh", None], ["relu", None], ["leaky_relu", None], ["leaky_relu", 0.2], ["selu", None]]
    layers = []
    for name, args, options in [
        ("Linear", [4, 3], {}), ("Linear", [4, 3], {"bias": False}), ("Conv1d", [2, 3, 3], {}), ("Conv2d", [2, 4, 3], {"groups": 2}),
        ("Conv3d", [1, 2, 2], {}), ("ConvTranspose1d", [2, 3, 3], {}), ("ConvTranspose2d", [2, 3, 2], {}), ("ConvTranspose3d", [1, 2, 2], {}),
        ("Embedding", [5, 3], {}), ("Embedding", [4, 5], {"padding_idx": 1}), ("BatchNorm2d", [3], {}), ("LayerNorm", [[2, 3]], {}),
    ]:  # fmt: skip
        state = seeded(lambda: getattr(nn, name)(*args, **options)).state_dict()
        entries = {k: {"shape": list(t.shape), "data": flat(t)} for k, t in state.items()}
        layers.append({"seed": SEED, "layer": name, "args": args, "options": {camel(k): x for k, x in options.items()}, "state": entries})
    return {"init": cases, "gains": [[*g, nn.init.calculate_gain(*g)] for g in gains], "layers": layers}


def promotion():
    names = {torch.float32: "float32", torch.float64: "float64", torch.int64: "int32", torch.uint8: "uint8", torch.bool: "bool"}
    numbers = {torch.float32: 2.5, torch.int64: 2, torch.bool: True}
    operands = [(d, "tensor", torch.ones(2, dtype=d)) for d in names] + [(d, "scalar", torch.ones((), dtype=d)) for d in names]
    rows = []
    for a, kind_a, x in operands:
        for b, kind_b, y in [*operands, *[(d, "number", n) for d, n in numbers.items()]]:
            rows.append([names[a], kind_a, names[b], kind_b, names[torch.result_type(x, y)]])
    return {"rows": rows}


def main():
    os.makedirs(f"{HERE}/training", exist_ok=True)
    weights = {name: {k: digest(t) for k, t in seeded(model).state_dict().items()} for name, model in MODELS.items()}
    parts = {
        "weights": {"seed": SEED, "models": weights}, "trajectories": trajectories(), "shuffles": {"cases": shuffles()},
        "random": {"cases": random_numbers()}, "optim": {**optimisers(), "schedules": schedules(), "clipping": clipping()}, "init": initialisers(), "promotion": promotion(),
    }  # fmt: skip
    for name, value in parts.items():
        path = f"{HERE}/training/{name}.json.gz"
        raw = write_json_gz(path, {"torch": torch.__version__, **value})
        print(f"{name}: {raw} bytes, {os.path.getsize(path)} gzipped")


if __name__ == "__main__":
    main()
