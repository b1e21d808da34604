// A radiance field with a coarse and a fine network, line by line after krrish94/nerf-pytorch (MIT): models.py, volume_rendering_utils.py,
// train_utils.py and train_nerf.py. Source: Mildenhall et al. 2020, NeRF.
import {
  arange,
  cat,
  type DType,
  exp,
  linspace,
  max,
  nn,
  noGrad,
  onesLike,
  optim,
  rand,
  randint,
  randn,
  randperm,
  sigmoid,
  sort,
  stack,
  sub,
  tensor,
  type Tensor,
} from "../../src/index.ts";
import { cumprodExclusive, getMinibatches, getRayBundle, meshgridXy, mse2psnr, positionalEncoding, samplePdf } from "./nerf-rays.ts";

const F = nn.functional;

// ---- volume_rendering_utils.py -------------------------------------------------------------------------------------

interface Rendered {
  readonly rgb: Tensor;
  readonly disp: Tensor;
  readonly acc: Tensor;
  readonly weights: Tensor;
  readonly depth: Tensor;
}

function volumeRenderRadianceField(
  radianceField: Tensor,
  depthValues: Tensor,
  rayDirections: Tensor,
  { radianceFieldNoiseStd = 0, whiteBackground = false },
): Rendered {
  const { dtype, device } = rayDirections;
  const one_e_10 = tensor([1e10], { dtype, device });
  let dists = cat(
    [
      depthValues.at("...", { start: 1 }).sub(depthValues.at("...", { stop: -1 })),
      one_e_10.expand(depthValues.at("...", { stop: 1 }).shape),
    ],
    { dim: -1 },
  );
  dists = dists.mul(rayDirections.at("...", null, ":").norm({ p: 2, dim: -1 }));

  const rgb = sigmoid(radianceField.at("...", { stop: 3 }));
  let noise: Tensor | number = 0;
  if (radianceFieldNoiseStd > 0) noise = randn(radianceField.at("...", 3).shape, { dtype, device }).mul(radianceFieldNoiseStd);
  const sigmaA = F.relu(radianceField.at("...", 3).add(noise));
  const alpha = sub(1, exp(sigmaA.neg().mul(dists)));
  const weights = alpha.mul(cumprodExclusive(sub(1, alpha).add(1e-10)));

  let rgbMap = weights.at("...", null).mul(rgb).sum({ dim: -2 });
  const depthMap = weights.mul(depthValues).sum({ dim: -1 });
  const accMap = weights.sum({ dim: -1 });
  const dispMap = max(onesLike(depthMap).mul(1e-10), depthMap.div(accMap)).reciprocal();
  if (whiteBackground) rgbMap = rgbMap.add(sub(1, accMap.at("...", null)));
  return { rgb: rgbMap, disp: dispMap, acc: accMap, weights, depth: depthMap };
}

// ---- models.py -----------------------------------------------------------------------------------------------------

interface ModelOptions {
  readonly numLayers?: number;
  readonly hiddenSize?: number;
  readonly skipConnectEvery?: number;
  readonly numEncodingFnXyz?: number;
  readonly numEncodingFnDir?: number;
}

export class FlexibleNeRFModel extends nn.Module {
  readonly dimXyz: number;
  readonly dimDir: number;
  readonly skips: (i: number) => boolean;
  readonly layer1: nn.Linear;
  readonly layers_xyz: nn.ModuleList<nn.Linear>;
  readonly layers_dir: nn.ModuleList<nn.Linear>;
  readonly fc_alpha: nn.Linear;
  readonly fc_rgb: nn.Linear;
  readonly fc_feat: nn.Linear;
  readonly relu = F.relu;

  constructor({ numLayers = 4, hiddenSize = 128, skipConnectEvery = 4, numEncodingFnXyz = 6, numEncodingFnDir = 4 }: ModelOptions = {}) {
    super();
    this.dimXyz = 3 + 2 * 3 * numEncodingFnXyz;
    this.dimDir = 3 + 2 * 3 * numEncodingFnDir;
    this.skips = (i) => i % skipConnectEvery === 0 && i > 0 && i !== numLayers - 1;

    this.layer1 = new nn.Linear(this.dimXyz, hiddenSize);
    this.layers_xyz = new nn.ModuleList();
    for (let i = 0; i < numLayers - 1; i++)
      this.layers_xyz.append(new nn.Linear(this.skips(i) ? this.dimXyz + hiddenSize : hiddenSize, hiddenSize));

    this.layers_dir = new nn.ModuleList();
    this.layers_dir.append(new nn.Linear(this.dimDir + hiddenSize, Math.floor(hiddenSize / 2)));
    this.fc_alpha = new nn.Linear(hiddenSize, 1);
    this.fc_rgb = new nn.Linear(Math.floor(hiddenSize / 2), 3);
    this.fc_feat = new nn.Linear(hiddenSize, hiddenSize);
  }

  override forward(given: Tensor): Tensor {
    const [xyz, view] = [given.at("...", { stop: this.dimXyz }), given.at("...", { start: this.dimXyz })];
    let x = this.layer1.call(xyz);
    for (let i = 0; i < this.layers_xyz.length; i++) {
      if (this.skips(i)) x = cat([x, xyz], { dim: -1 });
      x = this.relu(this.layers_xyz[i]!.call(x));
    }
    const feat = this.relu(this.fc_feat.call(x));
    const alpha = this.fc_alpha.call(x);
    x = cat([feat, view], { dim: -1 });
    for (const l of this.layers_dir) x = this.relu(l.call(x));
    const rgb = this.fc_rgb.call(x);
    return cat([rgb, alpha], { dim: -1 });
  }
}

// ---- train_utils.py ------------------------------------------------------------------------------------------------

export interface NerfOptions {
  readonly chunksize: number;
  readonly numCoarse: number;
  readonly numFine: number;
  readonly lindisp: boolean;
  readonly perturb: boolean;
  readonly radianceFieldNoiseStd: number;
  readonly whiteBackground: boolean;
  readonly near: number;
  readonly far: number;
}
type Embed = (x: Tensor) => Tensor;

function runNetwork(network: nn.Module, pts: Tensor, rayBatch: Tensor, chunksize: number, embed: Embed, embeddirs: Embed): Tensor {
  const ptsFlat = pts.reshape([-1, pts.size(-1)]);
  let embedded = embed(ptsFlat);
  const viewdirs = rayBatch.at("...", null, { start: -3 });
  const inputDirs = viewdirs.expand(pts.shape);
  const inputDirsFlat = inputDirs.reshape([-1, inputDirs.size(-1)]);
  embedded = cat([embedded, embeddirs(inputDirsFlat)], { dim: -1 });

  const batches = getMinibatches(embedded, chunksize);
  const preds = batches.map((batch) => network.call(batch) as Tensor);
  const radianceField = cat(preds, { dim: 0 });
  return radianceField.reshape([...pts.shape.slice(0, -1), radianceField.size(-1)]);
}

export interface Networks {
  readonly coarse: nn.Module;
  readonly fine: nn.Module;
}

/** Three images of each network: colours, disparities and opacities. */
function predictAndRenderRadiance(rayBatch: Tensor, networks: Networks, o: NerfOptions, embed: Embed, embeddirs: Embed): Tensor[] {
  const numRays = rayBatch.size(0);
  const [ro, rd] = [rayBatch.at("...", { stop: 3 }), rayBatch.at("...", { start: 3, stop: 6 })];
  const { dtype, device } = ro;
  const bounds = rayBatch.at("...", { start: 6, stop: 8 }).view(-1, 1, 2);
  const [near, far] = [bounds.at("...", 0), bounds.at("...", 1)];

  const tVals = linspace(0, 1, o.numCoarse, { dtype, device });
  let zVals = o.lindisp
    ? sub(1, tVals).mul(near.reciprocal()).add(tVals.mul(far.reciprocal())).reciprocal()
    : near.mul(sub(1, tVals)).add(far.mul(tVals));
  zVals = zVals.expand(numRays, o.numCoarse);

  if (o.perturb) {
    const mids = zVals
      .at("...", { start: 1 })
      .add(zVals.at("...", { stop: -1 }))
      .mul(0.5);
    const upper = cat([mids, zVals.at("...", { start: -1 })], { dim: -1 });
    const lower = cat([zVals.at("...", { stop: 1 }), mids], { dim: -1 });
    const tRand = rand(zVals.shape, { dtype, device });
    zVals = lower.add(upper.sub(lower).mul(tRand));
  }
  let pts = ro.at("...", null, ":").add(rd.at("...", null, ":").mul(zVals.at("...", ":", null)));

  let radianceField = runNetwork(networks.coarse, pts, rayBatch, o.chunksize, embed, embeddirs);
  const coarse = volumeRenderRadianceField(radianceField, zVals, rd, o);

  const zValsMid = zVals
    .at("...", { start: 1 })
    .add(zVals.at("...", { stop: -1 }))
    .mul(0.5);
  const zSamples = samplePdf(zValsMid, coarse.weights.at("...", { start: 1, stop: -1 }), o.numFine, { det: !o.perturb }).detach();

  [zVals] = sort(cat([zVals, zSamples], { dim: -1 }), { dim: -1 });
  pts = ro.at("...", null, ":").add(rd.at("...", null, ":").mul(zVals.at("...", ":", null)));

  radianceField = runNetwork(networks.fine, pts, rayBatch, o.chunksize, embed, embeddirs);
  const fine = volumeRenderRadianceField(radianceField, zVals, rd, o);
  return [coarse.rgb, coarse.disp, coarse.acc, fine.rgb, fine.disp, fine.acc];
}

function runOneIterOfNerf(
  networks: Networks,
  rayOrigins: Tensor,
  rayDirections: Tensor,
  options: NerfOptions,
  mode: "train" | "validation",
  embed: Embed,
  embeddirs: Embed,
): Tensor[] {
  let viewdirs = rayDirections;
  viewdirs = viewdirs.div(viewdirs.norm({ p: 2, dim: -1 }).unsqueeze(-1));
  viewdirs = viewdirs.view(-1, 3);
  const restoreShapes = [rayDirections.shape, rayDirections.shape.slice(0, -1), rayDirections.shape.slice(0, -1)];
  restoreShapes.push(...restoreShapes);

  const ro = rayOrigins.reshape(-1, 3);
  const rd = rayDirections.view(-1, 3);
  const near = onesLike(rd.at("...", { stop: 1 })).mul(options.near);
  const far = onesLike(rd.at("...", { stop: 1 })).mul(options.far);
  let rays = cat([ro, rd, near, far], { dim: -1 });
  rays = cat([rays, viewdirs], { dim: -1 });

  const batches = getMinibatches(rays, options.chunksize);
  const pred = batches.map((batch) => predictAndRenderRadiance(batch, networks, options, embed, embeddirs));
  const synthesized = restoreShapes.map((_, k) =>
    cat(
      pred.map((images) => images[k]!),
      { dim: 0 },
    ),
  );
  return mode === "train" ? synthesized : synthesized.map((image, k) => image.view(restoreShapes[k]!));
}

// ---- train_nerf.py -------------------------------------------------------------------------------------------------

/** The scene: images [N, H, W, 3], poses [N, 4, 4] and the focal length in pixels. */
export interface Scene {
  readonly images: Tensor;
  readonly poses: Tensor;
  readonly focal: number;
}
export interface NerfConfig {
  readonly model: ModelOptions & { readonly numEncodingFnXyz: number; readonly numEncodingFnDir: number };
  readonly lr: number;
  readonly lrDecay: number;
  readonly lrDecayFactor: number;
  readonly numRandomRays: number;
  readonly train: NerfOptions;
  readonly validation: NerfOptions;
}
export interface NerfFigures {
  readonly loss: number;
  readonly coarse: number;
  readonly fine: number;
  readonly psnr: number;
}

/** Two networks and their optimiser, which take one step, or look at one image, at a time. */
export class NerfTraining {
  readonly models: nn.ModuleDict<{ coarse: FlexibleNeRFModel; fine: FlexibleNeRFModel }>;
  readonly optimizer: optim.Adam;
  readonly #config: NerfConfig;
  readonly #networks: { readonly coarse: FlexibleNeRFModel; readonly fine: FlexibleNeRFModel };
  #iterations = 0;

  constructor(config: NerfConfig, place: { readonly dtype: DType }) {
    this.#config = config;
    this.#networks = {
      coarse: new FlexibleNeRFModel(config.model).to(place),
      fine: new FlexibleNeRFModel(config.model).to(place),
    };
    this.models = new nn.ModuleDict({ ...this.#networks });
    const trainable = [...this.#networks.coarse.parameters(), ...this.#networks.fine.parameters()];
    this.optimizer = new optim.Adam(trainable, { lr: config.lr });
  }

  #render(origins: Tensor, directions: Tensor, mode: "train" | "validation"): Tensor[] {
    const { model } = this.#config;
    const encodePosition = (x: Tensor): Tensor => positionalEncoding(x, model.numEncodingFnXyz);
    const encodeDirection = (x: Tensor): Tensor => positionalEncoding(x, model.numEncodingFnDir);
    return runOneIterOfNerf(this.#networks, origins, directions, this.#config[mode], mode, encodePosition, encodeDirection);
  }

  async step(scene: Scene, among: number): Promise<NerfFigures> {
    const [, height, width] = scene.images.shape as [number, number, number, number];
    this.models.train();
    const imgIdx = await randint(among, []).item();
    const imgTarget = scene.images.at(imgIdx);
    const poseTarget = scene.poses.at(imgIdx, { stop: 3 }, { stop: 4 });
    let [rayOrigins, rayDirections] = getRayBundle(height, width, scene.focal, poseTarget);
    const coords = stack(meshgridXy(arange(height), arange(width)), { dim: -1 }).reshape(-1, 2);
    const selectInds = coords.at(randperm(coords.size(0)).at({ stop: this.#config.numRandomRays }));
    rayOrigins = rayOrigins.at(selectInds.at(":", 0), selectInds.at(":", 1), ":");
    rayDirections = rayDirections.at(selectInds.at(":", 0), selectInds.at(":", 1), ":");
    const targetS = imgTarget.at(selectInds.at(":", 0), selectInds.at(":", 1), ":");

    const [rgbCoarse, , , rgbFine] = this.#render(rayOrigins, rayDirections, "train");
    const coarseLoss = F.mseLoss(rgbCoarse!.at("...", { stop: 3 }), targetS);
    const fineLoss = F.mseLoss(rgbFine!.at("...", { stop: 3 }), targetS);
    const loss = coarseLoss.add(fineLoss);
    loss.backward();
    const psnr = mse2psnr(await loss.item());
    this.optimizer.step();
    this.optimizer.zeroGrad();

    const { lr, lrDecay, lrDecayFactor } = this.#config;
    const lrNew = lr * lrDecayFactor ** (this.#iterations / lrDecay);
    for (const paramGroup of this.optimizer.paramGroups) paramGroup.lr = lrNew;
    this.#iterations++;
    return { loss: await loss.item(), coarse: await coarseLoss.item(), fine: await fineLoss.item(), psnr };
  }

  async validate(scene: Scene, imgIdx: number): Promise<NerfFigures> {
    const [, height, width] = scene.images.shape as [number, number, number, number];
    this.models.eval();
    const [coarseLoss, fineLoss] = noGrad(() => {
      const imgTarget = scene.images.at(imgIdx);
      const poseTarget = scene.poses.at(imgIdx, { stop: 3 }, { stop: 4 });
      const [rayOrigins, rayDirections] = getRayBundle(height, width, scene.focal, poseTarget);
      const [rgbCoarse, , , rgbFine] = this.#render(rayOrigins, rayDirections, "validation");
      return [F.mseLoss(rgbCoarse!, imgTarget), F.mseLoss(rgbFine!, imgTarget)] as const;
    });
    const loss = await coarseLoss.add(fineLoss).item();
    return { loss, coarse: await coarseLoss.item(), fine: await fineLoss.item(), psnr: mse2psnr(loss) };
  }
}
