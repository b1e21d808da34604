// Rays of a camera, their encoding, and samples along them, line by line after krrish94/nerf-pytorch (MIT): nerf_helpers.py and load_blender.py.
import {
  arange,
  cat,
  cos,
  cumprod,
  cumsum,
  type DType,
  gather,
  linspace,
  max,
  meshgrid,
  min,
  onesLike,
  pow,
  rand,
  roll,
  searchsorted,
  sin,
  stack,
  sum,
  tensor,
  type Tensor,
  where,
  zerosLike,
} from "../../src/index.ts";

export function mse2psnr(mse: number): number {
  return -10 * Math.log10(mse === 0 ? 1e-5 : mse);
}

export function getMinibatches(inputs: Tensor, chunksize = 1024 * 8): Tensor[] {
  const starts = Array.from({ length: Math.ceil(inputs.size(0) / chunksize) }, (_, i) => i * chunksize);
  return starts.map((i) => inputs.at({ start: i, stop: i + chunksize }));
}

export function meshgridXy(tensor1: Tensor, tensor2: Tensor): [Tensor, Tensor] {
  const [ii, jj] = meshgrid(tensor1, tensor2);
  return [ii.transpose(-1, -2), jj.transpose(-1, -2)];
}

/** The product of all elements before: that of the elements, one step on, with a 1 in front. */
export function cumprodExclusive(x: Tensor): Tensor {
  const products = roll(cumprod(x, -1), 1, -1);
  products.indexPut_(["...", 0], 1);
  return products;
}

export function getRayBundle(height: number, width: number, focalLength: number, tformCam2world: Tensor): [Tensor, Tensor] {
  const { dtype, device } = tformCam2world;
  const [ii, jj] = meshgridXy(arange(width, { dtype, device }).to(tformCam2world), arange(height, { dtype, device }));
  const directions = stack(
    [
      ii.sub(width * 0.5).div(focalLength),
      jj
        .sub(height * 0.5)
        .neg()
        .div(focalLength),
      onesLike(ii).neg(),
    ],
    { dim: -1 },
  );
  const rayDirections = sum(directions.at("...", null, ":").mul(tformCam2world.at({ stop: 3 }, { stop: 3 })), { dim: -1 });
  const rayOrigins = tformCam2world.at({ stop: 3 }, -1).expand(rayDirections.shape);
  return [rayOrigins, rayDirections];
}

export function positionalEncoding(x: Tensor, numEncodingFunctions = 6, includeInput = true, logSampling = true): Tensor {
  const { dtype, device } = x;
  const encoding = includeInput ? [x] : [];
  const frequencyBands = logSampling
    ? pow(2, linspace(0, numEncodingFunctions - 1, numEncodingFunctions, { dtype, device }))
    : linspace(2 ** 0, 2 ** (numEncodingFunctions - 1), numEncodingFunctions, { dtype, device });
  for (const freq of frequencyBands) for (const func of [sin, cos]) encoding.push(func(x.mul(freq)));
  return encoding.length === 1 ? encoding[0]! : cat(encoding, { dim: -1 });
}

export function samplePdf(bins: Tensor, given: Tensor, numSamples: number, { det = false } = {}): Tensor {
  const { dtype, device } = given;
  const weights = given.add(1e-5);
  const pdf = weights.div(sum(weights, { dim: -1, keepdim: true }));
  let cdf = cumsum(pdf, { dim: -1 });
  cdf = cat([zerosLike(cdf.at("...", { stop: 1 })), cdf], { dim: -1 });

  let u: Tensor;
  if (det) {
    u = linspace(0, 1, numSamples, { dtype, device });
    u = u.expand([...cdf.shape.slice(0, -1), numSamples]);
  } else u = rand([...cdf.shape.slice(0, -1), numSamples], { dtype, device });

  u = u.contiguous();
  cdf = cdf.contiguous();
  const inds = searchsorted(cdf.detach(), u, { side: "right" });
  const below = max(zerosLike(inds), inds.sub(1));
  const above = min(onesLike(inds).mul(cdf.size(-1) - 1), inds);
  const indsG = stack([below, above], { dim: -1 });

  const matchedShape = [indsG.size(0), indsG.size(1), cdf.size(-1)];
  const cdfG = gather(cdf.unsqueeze(1).expand(matchedShape), 2, indsG);
  const binsG = gather(bins.unsqueeze(1).expand(matchedShape), 2, indsG);

  let denom = cdfG.at("...", 1).sub(cdfG.at("...", 0));
  denom = where(denom.lt(1e-5), onesLike(denom), denom);
  const t = u.sub(cdfG.at("...", 0)).div(denom);
  return binsG.at("...", 0).add(t.mul(binsG.at("...", 1).sub(binsG.at("...", 0))));
}

/** A camera on a sphere around the origin, which it looks at. Angles in degrees. */
export function poseSpherical(theta: number, phi: number, radius: number, options: { readonly dtype: DType }): Tensor {
  const [th, ph] = [(theta / 180) * Math.PI, (phi / 180) * Math.PI];
  const transT = tensor([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, radius], [0, 0, 0, 1]], options); // prettier-ignore
  const rotPhi = tensor(
    [
      [1, 0, 0, 0],
      [0, Math.cos(ph), -Math.sin(ph), 0],
      [0, Math.sin(ph), Math.cos(ph), 0],
      [0, 0, 0, 1],
    ],
    options,
  );
  const rotTheta = tensor(
    [
      [Math.cos(th), 0, -Math.sin(th), 0],
      [0, 1, 0, 0],
      [Math.sin(th), 0, Math.cos(th), 0],
      [0, 0, 0, 1],
    ],
    options,
  );
  const flip = tensor(
    [
      [-1, 0, 0, 0],
      [0, 0, 1, 0],
      [0, 1, 0, 0],
      [0, 0, 0, 1],
    ],
    options,
  );
  return flip.matmul(rotTheta.matmul(rotPhi.matmul(transT)));
}
