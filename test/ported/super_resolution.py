"""Makes super-resolution.json.gz: what test/ported/super-resolution.ts computes, as PyTorch computes it.

    /usr/bin/python3 test/ported/super_resolution.py

The steps follow pytorch/examples super_resolution (BSD-3-Clause), with F.interpolate for torchvision's Resize. The pictures are drawn after
torch.manual_seed(SEED).
"""
import os
import sys
from math import log10

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn import init
from torch.utils.data import DataLoader, Dataset

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.append(os.path.join(HERE, "..", "golden"))
from encode import write_json_gz  # noqa: E402

SEED, UPSCALE, WIDTH, LR = 123, 3, 8, 0.01


class Net(nn.Module):
    def __init__(self, upscale_factor, width):
        super().__init__()
        self.relu = nn.ReLU()
        self.conv1 = nn.Conv2d(1, width, (5, 5), (1, 1), (2, 2))
        self.conv2 = nn.Conv2d(width, width, (3, 3), (1, 1), (1, 1))
        self.conv3 = nn.Conv2d(width, width // 2, (3, 3), (1, 1), (1, 1))
        self.conv4 = nn.Conv2d(width // 2, upscale_factor**2, (3, 3), (1, 1), (1, 1))
        self.pixel_shuffle = nn.PixelShuffle(upscale_factor)
        for conv in (self.conv1, self.conv2, self.conv3):
            init.orthogonal_(conv.weight, init.calculate_gain("relu"))
        init.orthogonal_(self.conv4.weight)

    def forward(self, x):
        for conv in (self.conv1, self.conv2, self.conv3):
            x = self.relu(conv(x))
        return self.pixel_shuffle(self.conv4(x))


class DatasetFromFolder(Dataset):
    def __init__(self, images, size):
        self.images, self.size = images, size - size % UPSCALE

    def __getitem__(self, index):
        img, size = self.images[index], self.size
        top, left = (img.shape[0] - size) // 2, (img.shape[1] - size) // 2
        target = img[top : top + size, left : left + size]
        input = F.interpolate(target[None, None], size=(size // UPSCALE,) * 2, mode="bilinear", antialias=True)[0, 0]
        return input.unsqueeze(0) / 255, target.unsqueeze(0) / 255

    def __len__(self):
        return len(self.images)


def run(dtype, epochs):
    torch.manual_seed(SEED)
    pictures = [255 * torch.rand(11 + k % 3, 13) for k in range(14)]
    training_data_loader = DataLoader(DatasetFromFolder(pictures[:11], 11), batch_size=4, shuffle=True)
    testing_data_loader = DataLoader(DatasetFromFolder(pictures[11:], 11), batch_size=2, shuffle=False)
    model = Net(UPSCALE, WIDTH).to(dtype)
    criterion = nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=LR)
    losses, psnr = [], []
    for _ in range(epochs):
        for batch in training_data_loader:
            input, target = batch[0].to(dtype), batch[1].to(dtype)
            optimizer.zero_grad()
            loss = criterion(model(input), target)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        avg_psnr = 0
        with torch.no_grad():
            for batch in testing_data_loader:
                mse = criterion(model(batch[0].to(dtype)), batch[1].to(dtype))
                avg_psnr += 10 * log10(1 / mse.item())
        psnr.append(avg_psnr / len(testing_data_loader))
    with torch.no_grad():
        out = model((pictures[0] / 255).to(dtype)[None, None])[0]
    out *= 255.0
    return {"losses": losses, "psnr": psnr, "larger": out.clip(0, 255)[0].to(torch.uint8).flatten().tolist()}


if __name__ == "__main__":
    runs = {"float64": run(torch.float64, 8), "float32": run(torch.float32, 1)}
    print({key: [*r["losses"][:1], *r["losses"][-1:], *r["psnr"][-1:]] for key, r in runs.items()})
    write_json_gz(f"{HERE}/super-resolution.json.gz", {"torch": torch.__version__, **runs})
