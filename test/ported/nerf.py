"""Makes nerf.json.gz: training and validation losses of test/ported/nerf.ts as PyTorch takes the same steps.

    /usr/bin/python3 test/ported/nerf.py

The steps follow krrish94/nerf-pytorch (MIT): its helpers, renderer, model and training loop with torch.searchsorted in place of the package
that it had before PyTorch had one, and torch.randperm in place of np.random.choice. The scene is drawn after torch.manual_seed(SEED).
"""
import math
import os
import sys

import torch
from torch.nn import functional as F

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.append(os.path.join(HERE, "..", "golden"))
from encode import write_json_gz  # noqa: E402

SEED, IMAGES, HEIGHT, WIDTH, FOCAL = 9458, 4, 3, 4, 7.0
XYZ, DIR, HIDDEN, LAYERS, SKIP = 3, 1, 8, 3, 1
NEAR, FAR, RAYS, CHUNK, COARSE, FINE = 2.0, 6.0, 8, 50, 5, 4
LR, DECAY, FACTOR = 5e-3, 20, 0.1


def get_minibatches(inputs, chunksize):
    return [inputs[i : i + chunksize] for i in range(0, inputs.shape[0], chunksize)]


def meshgrid_xy(tensor1, tensor2):
    ii, jj = torch.meshgrid(tensor1, tensor2, indexing="ij")
    return ii.transpose(-1, -2), jj.transpose(-1, -2)


def cumprod_exclusive(tensor):
    cumprod = torch.roll(torch.cumprod(tensor, -1), 1, -1)
    cumprod[..., 0] = 1.0
    return cumprod


def get_ray_bundle(height, width, focal, pose):
    ii, jj = meshgrid_xy(torch.arange(width, dtype=pose.dtype), torch.arange(height, dtype=pose.dtype))
    directions = torch.stack([(ii - width * 0.5) / focal, -(jj - height * 0.5) / focal, -torch.ones_like(ii)], dim=-1)
    ray_directions = torch.sum(directions[..., None, :] * pose[:3, :3], dim=-1)
    return pose[:3, -1].expand(ray_directions.shape), ray_directions


def positional_encoding(tensor, functions):
    encoding = [tensor]
    for freq in 2.0 ** torch.linspace(0.0, functions - 1, functions, dtype=tensor.dtype):
        for func in [torch.sin, torch.cos]:
            encoding.append(func(tensor * freq))
    return torch.cat(encoding, dim=-1)


def sample_pdf(bins, weights, num_samples, det):
    weights = weights + 1e-5
    pdf = weights / torch.sum(weights, dim=-1, keepdim=True)
    cdf = torch.cumsum(pdf, dim=-1)
    cdf = torch.cat([torch.zeros_like(cdf[..., :1]), cdf], dim=-1)
    if det:
        u = torch.linspace(0.0, 1.0, steps=num_samples, dtype=weights.dtype).expand(list(cdf.shape[:-1]) + [num_samples])
    else:
        u = torch.rand(list(cdf.shape[:-1]) + [num_samples], dtype=weights.dtype)
    inds = torch.searchsorted(cdf.detach().contiguous(), u.contiguous(), side="right")
    below = torch.max(torch.zeros_like(inds), inds - 1)
    above = torch.min((cdf.shape[-1] - 1) * torch.ones_like(inds), inds)
    inds_g = torch.stack((below, above), dim=-1)
    matched_shape = (inds_g.shape[0], inds_g.shape[1], cdf.shape[-1])
    cdf_g = torch.gather(cdf.unsqueeze(1).expand(matched_shape), 2, inds_g)
    bins_g = torch.gather(bins.unsqueeze(1).expand(matched_shape), 2, inds_g)
    denom = cdf_g[..., 1] - cdf_g[..., 0]
    denom = torch.where(denom < 1e-5, torch.ones_like(denom), denom)
    t = (u - cdf_g[..., 0]) / denom
    return bins_g[..., 0] + t * (bins_g[..., 1] - bins_g[..., 0])


def render(radiance_field, depth_values, ray_directions, noise_std, white_background):
    one_e_10 = torch.tensor([1e10], dtype=ray_directions.dtype)
    dists = torch.cat((depth_values[..., 1:] - depth_values[..., :-1], one_e_10.expand(depth_values[..., :1].shape)), dim=-1)
    dists = dists * ray_directions[..., None, :].norm(p=2, dim=-1)
    rgb = torch.sigmoid(radiance_field[..., :3])
    noise = 0.0
    if noise_std > 0.0:
        noise = torch.randn(radiance_field[..., 3].shape, dtype=radiance_field.dtype) * noise_std
    sigma_a = F.relu(radiance_field[..., 3] + noise)
    alpha = 1.0 - torch.exp(-sigma_a * dists)
    weights = alpha * cumprod_exclusive(1.0 - alpha + 1e-10)
    rgb_map = (weights[..., None] * rgb).sum(dim=-2)
    acc_map = weights.sum(dim=-1)
    if white_background:
        rgb_map = rgb_map + (1.0 - acc_map[..., None])
    return rgb_map, weights


class FlexibleNeRFModel(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.dim_xyz, self.dim_dir = 3 + 2 * 3 * XYZ, 3 + 2 * 3 * DIR
        self.layer1 = torch.nn.Linear(self.dim_xyz, HIDDEN)
        self.layers_xyz = torch.nn.ModuleList()
        for i in range(LAYERS - 1):
            skip = i % SKIP == 0 and i > 0 and i != LAYERS - 1
            self.layers_xyz.append(torch.nn.Linear(self.dim_xyz + HIDDEN if skip else HIDDEN, HIDDEN))
        self.layers_dir = torch.nn.ModuleList()
        self.layers_dir.append(torch.nn.Linear(self.dim_dir + HIDDEN, HIDDEN // 2))
        self.fc_alpha = torch.nn.Linear(HIDDEN, 1)
        self.fc_rgb = torch.nn.Linear(HIDDEN // 2, 3)
        self.fc_feat = torch.nn.Linear(HIDDEN, HIDDEN)

    def forward(self, x):
        xyz, view = x[..., : self.dim_xyz], x[..., self.dim_xyz :]
        x = self.layer1(xyz)
        for i in range(len(self.layers_xyz)):
            if i % SKIP == 0 and i > 0 and i != LAYERS - 1:
                x = torch.cat((x, xyz), dim=-1)
            x = F.relu(self.layers_xyz[i](x))
        feat = F.relu(self.fc_feat(x))
        alpha = self.fc_alpha(x)
        x = torch.cat((feat, view), dim=-1)
        for layer in self.layers_dir:
            x = F.relu(layer(x))
        return torch.cat((self.fc_rgb(x), alpha), dim=-1)


def run_network(network, pts, ray_batch):
    embedded = positional_encoding(pts.reshape((-1, pts.shape[-1])), XYZ)
    input_dirs = ray_batch[..., None, -3:].expand(pts.shape)
    embedded = torch.cat((embedded, positional_encoding(input_dirs.reshape((-1, 3)), DIR)), dim=-1)
    field = torch.cat([network(batch) for batch in get_minibatches(embedded, CHUNK)], dim=0)
    return field.reshape(list(pts.shape[:-1]) + [field.shape[-1]])


def predict(ray_batch, coarse, fine, perturb, noise_std, white, lindisp):
    ro, rd = ray_batch[..., :3], ray_batch[..., 3:6]
    bounds = ray_batch[..., 6:8].view((-1, 1, 2))
    near, far = bounds[..., 0], bounds[..., 1]
    t_vals = torch.linspace(0.0, 1.0, COARSE, dtype=ro.dtype)
    z_vals = 1.0 / (1.0 / near * (1.0 - t_vals) + 1.0 / far * t_vals) if lindisp else near * (1.0 - t_vals) + far * t_vals
    z_vals = z_vals.expand([ray_batch.shape[0], COARSE])
    if perturb:
        mids = 0.5 * (z_vals[..., 1:] + z_vals[..., :-1])
        upper = torch.cat((mids, z_vals[..., -1:]), dim=-1)
        lower = torch.cat((z_vals[..., :1], mids), dim=-1)
        z_vals = lower + (upper - lower) * torch.rand(z_vals.shape, dtype=ro.dtype)
    pts = ro[..., None, :] + rd[..., None, :] * z_vals[..., :, None]
    rgb_coarse, weights = render(run_network(coarse, pts, ray_batch), z_vals, rd, noise_std, white)
    z_vals_mid = 0.5 * (z_vals[..., 1:] + z_vals[..., :-1])
    z_samples = sample_pdf(z_vals_mid, weights[..., 1:-1], FINE, det=not perturb).detach()
    z_vals, _ = torch.sort(torch.cat((z_vals, z_samples), dim=-1), dim=-1)
    pts = ro[..., None, :] + rd[..., None, :] * z_vals[..., :, None]
    rgb_fine, _ = render(run_network(fine, pts, ray_batch), z_vals, rd, noise_std, white)
    return rgb_coarse, rgb_fine


def run_one_iter(coarse, fine, ray_origins, ray_directions, **how):
    viewdirs = ray_directions / ray_directions.norm(p=2, dim=-1).unsqueeze(-1)
    ro, rd = ray_origins.reshape((-1, 3)), ray_directions.view((-1, 3))
    near, far = NEAR * torch.ones_like(rd[..., :1]), FAR * torch.ones_like(rd[..., :1])
    rays = torch.cat((ro, rd, near, far, viewdirs.view((-1, 3))), dim=-1)
    images = zip(*[predict(batch, coarse, fine, **how) for batch in get_minibatches(rays, CHUNK)])
    return [torch.cat(image, dim=0).view(ray_directions.shape) for image in images]


def pose_spherical(theta, phi, radius, dtype):
    th, ph = theta / 180 * math.pi, phi / 180 * math.pi
    trans_t = torch.tensor([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, radius], [0, 0, 0, 1]], dtype=dtype)
    rot_phi = torch.tensor([[1, 0, 0, 0], [0, math.cos(ph), -math.sin(ph), 0], [0, math.sin(ph), math.cos(ph), 0], [0, 0, 0, 1]], dtype=dtype)
    rot_theta = torch.tensor([[math.cos(th), 0, -math.sin(th), 0], [0, 1, 0, 0], [math.sin(th), 0, math.cos(th), 0], [0, 0, 0, 1]], dtype=dtype)
    flip = torch.tensor([[-1, 0, 0, 0], [0, 0, 1, 0], [0, 1, 0, 0], [0, 0, 0, 1]], dtype=dtype)
    return flip @ rot_theta @ rot_phi @ trans_t


def train(dtype, steps):
    torch.manual_seed(SEED)
    images = torch.rand(IMAGES, HEIGHT, WIDTH, 3).to(dtype)
    poses = torch.stack([pose_spherical(90.0 * k, -30.0, 4.0, dtype) for k in range(IMAGES)])
    coarse, fine = FlexibleNeRFModel().to(dtype), FlexibleNeRFModel().to(dtype)
    optimizer = torch.optim.Adam(list(coarse.parameters()) + list(fine.parameters()), lr=LR)
    losses = []
    for i in range(steps):
        img_idx = torch.randint(IMAGES - 1, ()).item()
        ray_origins, ray_directions = get_ray_bundle(HEIGHT, WIDTH, FOCAL, poses[img_idx, :3, :4])
        coords = torch.stack(meshgrid_xy(torch.arange(HEIGHT), torch.arange(WIDTH)), dim=-1).reshape((-1, 2))
        select_inds = coords[torch.randperm(coords.shape[0])[:RAYS]]
        ray_origins = ray_origins[select_inds[:, 0], select_inds[:, 1], :]
        ray_directions = ray_directions[select_inds[:, 0], select_inds[:, 1], :]
        target_s = images[img_idx][select_inds[:, 0], select_inds[:, 1], :]
        how = {"perturb": True, "noise_std": 0.2, "white": False, "lindisp": False}
        rgb_coarse, rgb_fine = run_one_iter(coarse, fine, ray_origins, ray_directions, **how)
        loss = F.mse_loss(rgb_coarse, target_s) + F.mse_loss(rgb_fine, target_s)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        for param_group in optimizer.param_groups:
            param_group["lr"] = LR * FACTOR ** (i / DECAY)
        losses.append(loss.item())
    with torch.no_grad():
        rgb_coarse, rgb_fine = run_one_iter(coarse, fine, *get_ray_bundle(HEIGHT, WIDTH, FOCAL, poses[-1, :3, :4]), perturb=False, noise_std=0.0, white=True, lindisp=True)
        validation = [F.mse_loss(rgb_coarse, images[-1]).item(), F.mse_loss(rgb_fine, images[-1]).item()]
    return {"losses": losses, "validation": validation}


if __name__ == "__main__":
    runs = {"float64": train(torch.float64, 24), "float32": train(torch.float32, 3)}
    print({key: [*run["losses"][:1], *run["losses"][-1:], *run["validation"]] for key, run in runs.items()})
    write_json_gz(f"{HERE}/nerf.json.gz", {"torch": torch.__version__, **runs})
