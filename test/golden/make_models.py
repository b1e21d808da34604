"""Makes training/models.json.gz: 100 steps of small versions of the networks in demo/models, as PyTorch takes them in float64.

    /usr/bin/python3 test/golden/make_models.py [name ...]

Each entry holds the sizes that both sides build with, the losses of every step, and [sum, 2-norm] of every tensor of the
state at the end.
Everything is drawn after torch.manual_seed(42); batch i holds the training digits 8 i .. 8 i + 7 as float32(v / 255), made float64. Networks are
made in float32 and then .double(), so that they begin as everybody's do.
"""
import math
import sys

import torch
from torch import nn
from torch.nn import functional as F

sys.dont_write_bytecode = True
from encode import flat, write_json_gz  # noqa: E402
from make_training import HERE, SEED, idx  # noqa: E402

STEPS, BATCH = 100, 8
SIZES = {
    "resnet": {"width": 2}, "unet": {"width": 2}, "vae": {"hidden": 32, "latent": 4}, "dcgan": {"nz": 8, "ngf": 4, "ndf": 4},
    "wgan-gp": {"latentDim": 8, "width": 8}, "pinn": {"width": 10, "depth": 2, "points": 32},
}  # fmt: skip


class BasicBlock(nn.Module):
    def __init__(self, in_planes, planes, stride=1):
        super().__init__()
        self.conv1 = nn.Conv2d(in_planes, planes, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = nn.Conv2d(planes, planes, 3, stride=1, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.shortcut = nn.Sequential()
        if stride != 1 or in_planes != planes:
            self.shortcut = nn.Sequential(nn.Conv2d(in_planes, planes, 1, stride=stride, bias=False), nn.BatchNorm2d(planes))

    def forward(self, x):
        out = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(out)) + self.shortcut(x))


class ResNet(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(1, width, 3, padding=1, bias=False), nn.BatchNorm2d(width)
        planes = width
        for k, stride in enumerate((1, 2, 2, 2)):
            out = width * 2**k
            setattr(self, f"layer{k + 1}", nn.Sequential(BasicBlock(planes, out, stride), BasicBlock(out, out)))
            planes = out
        self.linear = nn.Linear(planes, 10)

    def forward(self, x):
        out = F.relu(self.bn1(self.conv1(x)))
        out = self.layer4(self.layer3(self.layer2(self.layer1(out))))
        return self.linear(F.avg_pool2d(out, 4).flatten(1))


def resnet(width):
    net = ResNet(width).double()
    optimiser = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9, weight_decay=5e-4)

    def step(x, labels):
        optimiser.zero_grad()
        logits = net(x)
        loss = F.cross_entropy(logits, labels)
        loss.backward()
        optimiser.step()
        return {"loss": loss, "accuracy": (logits.argmax(1) == labels).double().mean()}

    return {"net": net}, step


class DoubleConv(nn.Module):
    def __init__(self, a, b, mid=None):
        super().__init__()
        mid = mid or b
        first = [nn.Conv2d(a, mid, 3, padding=1, bias=False), nn.BatchNorm2d(mid), nn.ReLU(inplace=True)]
        self.double_conv = nn.Sequential(*first, nn.Conv2d(mid, b, 3, padding=1, bias=False), nn.BatchNorm2d(b), nn.ReLU(inplace=True))

    def forward(self, x):
        return self.double_conv(x)


class Down(nn.Module):
    def __init__(self, a, b):
        super().__init__()
        self.maxpool_conv = nn.Sequential(nn.MaxPool2d(2), DoubleConv(a, b))

    def forward(self, x):
        return self.maxpool_conv(x)


class Up(nn.Module):
    def __init__(self, a, b):
        super().__init__()
        self.up, self.conv = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True), DoubleConv(a, b, a // 2)

    def forward(self, x1, x2):
        x1 = self.up(x1)
        dy, dx = x2.size(2) - x1.size(2), x2.size(3) - x1.size(3)
        return self.conv(torch.cat([x2, F.pad(x1, [dx // 2, dx - dx // 2, dy // 2, dy - dy // 2])], 1))


class UNet(nn.Module):
    def __init__(self, w):
        super().__init__()
        self.inc, self.down1, self.down2, self.down3 = DoubleConv(1, w), Down(w, 2 * w), Down(2 * w, 4 * w), Down(4 * w, 4 * w)
        self.up1, self.up2, self.up3, self.outc = Up(8 * w, 2 * w), Up(4 * w, w), Up(2 * w, w), nn.Conv2d(w, 1, 1)

    def forward(self, x):
        x1 = self.inc(x)
        x2 = self.down1(x1)
        x3 = self.down2(x2)
        return self.outc(self.up3(self.up2(self.up1(self.down3(x3), x3), x2), x1))


def unet(width):
    net = UNet(width).double()
    optimiser = torch.optim.Adam(net.parameters(), lr=1e-3)

    def step(x, _):
        optimiser.zero_grad()
        logits = net(x * 0.5 + torch.rand_like(x) * 0.5)
        loss = F.binary_cross_entropy_with_logits(logits, (x > 0.5).double())
        loss.backward()
        optimiser.step()
        return {"loss": loss}

    return {"unet": net}, step


class VAE(nn.Module):
    def __init__(self, hidden, latent):
        super().__init__()
        self.fc1, self.fc21, self.fc22 = nn.Linear(784, hidden), nn.Linear(hidden, latent), nn.Linear(hidden, latent)
        self.fc3, self.fc4 = nn.Linear(latent, hidden), nn.Linear(hidden, 784)

    def forward(self, x):
        h = F.relu(self.fc1(x.view(-1, 784)))
        mu, logvar = self.fc21(h), self.fc22(h)
        std = torch.exp(0.5 * logvar)
        z = mu + torch.randn_like(std) * std
        return torch.sigmoid(self.fc4(F.relu(self.fc3(z)))), mu, logvar


def vae(hidden, latent):
    net = VAE(hidden, latent).double()
    optimiser = torch.optim.Adam(net.parameters(), lr=1e-3)

    def step(x, _):
        optimiser.zero_grad()
        recon, mu, logvar = net(x)
        bce = F.binary_cross_entropy(recon, x.view(-1, 784), reduction="sum")
        loss = bce - 0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
        loss.backward()
        optimiser.step()
        return {"loss": loss / len(x)}

    return {"vae": net}, step


class Stack(nn.Module):
    """A network that is one attribute."""

    def __init__(self, name, layers, after=None):
        super().__init__()
        self.only, self.after = name, after
        setattr(self, name, nn.Sequential(*layers))

    def forward(self, x):
        y = getattr(self, self.only)(x)
        return self.after(y) if self.after else y


def weights_init(m):
    if isinstance(m, (nn.Conv2d, nn.ConvTranspose2d)):
        nn.init.normal_(m.weight, 0.0, 0.02)
    elif isinstance(m, nn.BatchNorm2d):
        nn.init.normal_(m.weight, 1.0, 0.02)
        nn.init.zeros_(m.bias)


def dcgan(nz, ngf, ndf):
    up = lambda a, b, k, s, p: nn.ConvTranspose2d(a, b, k, s, p, bias=False)  # noqa: E731
    down = lambda a, b, k, s, p: nn.Conv2d(a, b, k, s, p, bias=False)  # noqa: E731
    maker = [up(nz, 2 * ngf, 7, 1, 0), nn.BatchNorm2d(2 * ngf), nn.ReLU(True), up(2 * ngf, ngf, 4, 2, 1), nn.BatchNorm2d(ngf), nn.ReLU(True)]
    net_g = Stack("main", [*maker, up(ngf, 1, 4, 2, 1), nn.Tanh()])
    judge = [down(1, ndf, 4, 2, 1), nn.LeakyReLU(0.2), down(ndf, 2 * ndf, 4, 2, 1), nn.BatchNorm2d(2 * ndf), nn.LeakyReLU(0.2)]
    net_d = Stack("main", [*judge, down(2 * ndf, 1, 7, 1, 0), nn.Sigmoid()], lambda y: y.view(-1, 1).squeeze(1))
    net_g.apply(weights_init)
    net_d.apply(weights_init)
    net_g, net_d, criterion = net_g.double(), net_d.double(), nn.BCELoss()
    optim_g, optim_d = (torch.optim.Adam(net.parameters(), lr=0.0002, betas=(0.5, 0.999)) for net in (net_g, net_d))

    def step(x, _):
        real = x * 2 - 1
        ones, zeros = torch.ones(len(x), dtype=torch.float64), torch.zeros(len(x), dtype=torch.float64)
        optim_d.zero_grad()
        err_real = criterion(net_d(real), ones)
        err_real.backward()
        fake = net_g(torch.randn(len(x), nz, 1, 1, dtype=torch.float64))
        err_fake = criterion(net_d(fake.detach()), zeros)
        err_fake.backward()
        optim_d.step()
        optim_g.zero_grad()
        err_g = criterion(net_d(fake), ones)
        err_g.backward()
        optim_g.step()
        return {"generator": err_g, "discriminator": err_real + err_fake}

    return {"generator": net_g, "discriminator": net_d}, step


def wgan_gp(latentDim, width):
    def block(a, b, normalize=True):
        return [nn.Linear(a, b), *([nn.BatchNorm1d(b, 0.8)] if normalize else []), nn.LeakyReLU(0.2, inplace=True)]

    w = width
    maker = [*block(latentDim, w, False), *block(w, 2 * w), *block(2 * w, 4 * w), nn.Linear(4 * w, 784), nn.Tanh()]
    net_g = Stack("model", maker, lambda y: y.view(-1, 1, 28, 28))
    leaky = lambda: nn.LeakyReLU(0.2, inplace=True)  # noqa: E731
    net_d = Stack("model", [nn.Linear(784, 4 * w), leaky(), nn.Linear(4 * w, 2 * w), leaky(), nn.Linear(2 * w, 1)])
    critic = lambda img: net_d(img.view(len(img), -1))  # noqa: E731
    net_g, net_d = net_g.double(), net_d.double()
    optim_g, optim_d = (torch.optim.Adam(net.parameters(), lr=0.0002, betas=(0.5, 0.999)) for net in (net_g, net_d))
    state = {"steps": 0}

    def step(x, _):
        real = x * 2 - 1
        optim_d.zero_grad()
        z = torch.randn(len(x), latentDim, dtype=torch.float64)
        fake = net_g(z).detach()
        alpha = torch.rand(len(x), 1, 1, 1, dtype=torch.float64)
        between = (alpha * real + (1 - alpha) * fake).requires_grad_(True)
        validity = critic(between)
        (slope,) = torch.autograd.grad(validity, [between], torch.ones_like(validity), create_graph=True)
        penalty = ((slope.view(len(x), -1).norm(2, dim=1) - 1) ** 2).mean()
        distance = critic(real).mean() - critic(fake).mean()
        loss_d = -distance + 10 * penalty
        loss_d.backward()
        optim_d.step()
        figures = {"discriminator": loss_d, "distance": distance}
        state["steps"] += 1
        if (state["steps"] - 1) % 5 != 0:
            return figures
        optim_g.zero_grad()
        loss_g = -critic(net_g(z)).mean()
        loss_g.backward()
        optim_g.step()
        return {**figures, "generator": loss_g}

    return {"generator": net_g, "discriminator": net_d}, step


def pinn(width, depth, points):
    layers = [layer for k in range(depth) for layer in (nn.Linear(2 if k == 0 else width, width), nn.Tanh())]
    net = Stack("net", [*layers, nn.Linear(width, 1)]).double()
    optimiser, alpha = torch.optim.Adam(net.parameters(), lr=1e-3), 0.1
    u_of = lambda x, t: net(torch.cat([x, t], 1))  # noqa: E731
    draw = lambda: torch.rand(points, 1, dtype=torch.float64)  # noqa: E731

    def slope(y, x):
        return torch.autograd.grad(y, [x], torch.ones_like(y), create_graph=True)[0]

    def step(_x, _):
        optimiser.zero_grad()
        x, t = draw().requires_grad_(True), draw().requires_grad_(True)
        u = u_of(x, t)
        equation = (slope(u, t) - alpha * slope(slope(u, x), x)).pow(2).mean()
        x0, t0 = draw(), draw()
        nought = torch.zeros(points, 1, dtype=torch.float64)
        exact = torch.exp(-alpha * math.pi**2 * nought) * torch.sin(math.pi * x0)
        initial = (u_of(x0, nought) - exact).pow(2).mean()
        loss = equation + initial + u_of(nought, t0).pow(2).mean() + u_of(nought + 1, t0).pow(2).mean()
        loss.backward()
        optimiser.step()
        return {"loss": loss, "equation": equation}

    return {"pinn": net}, step


MODELS = {"resnet": resnet, "unet": unet, "vae": vae, "dcgan": dcgan, "wgan-gp": wgan_gp, "pinn": pinn}


def run(name):
    torch.manual_seed(SEED)
    networks, step = MODELS[name](**SIZES[name])
    figures = {}
    for k in range(STEPS):
        rows = slice(BATCH * k, BATCH * (k + 1))
        for key, value in step(IMAGES[rows], LABELS[rows]).items():
            figures.setdefault(key, []).append(float(value.detach()))
    final = {kind: {key: [float(t.double().sum()), float(t.double().norm())] for key, t in net.state_dict().items()} for kind, net in networks.items()}
    print(f"  {name}: " + ", ".join(f"{key} {list_[0]:.4f} -> {list_[-1]:.4f}" for key, list_ in figures.items()))
    return {"sizes": SIZES[name], "figures": {key: flat(torch.tensor(list_, dtype=torch.float64), 12) for key, list_ in figures.items()}, "final": final}


IMAGES = (idx("train-images-idx3-ubyte")[: BATCH * STEPS].double() / 255).float().unsqueeze(1).double()
LABELS = idx("train-labels-idx1-ubyte").long()[: BATCH * STEPS]
raw = write_json_gz(f"{HERE}/training/models.json.gz", {"torch": torch.__version__, "seed": SEED, "steps": STEPS, "batch": BATCH, "models": {name: run(name) for name in sys.argv[1:] or MODELS}})
print(f"models: {raw} bytes")
