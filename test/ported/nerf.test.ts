// The ported radiance field beside PyTorch: the same rays, samples and losses from one seed.
import { expect, it } from "vitest";
import { init, io, manualSeed, rand, stack } from "../../src/index.ts";
import { onEveryDevice } from "../devices.ts";
import { loadFixture } from "../golden/loader.ts";
import { apart, type Followed } from "./apart.ts";
import { type NerfConfig, type NerfFigures, NerfTraining, type Scene } from "./nerf.ts";
import { poseSpherical } from "./nerf-rays.ts";

const expected = (await loadFixture("../ported/nerf")) as Readonly<
  Record<"float64" | "float32", Followed & { readonly validation: readonly number[] }>
>;

const [count, height, width] = [4, 3, 4];
const sampling = { chunksize: 50, numCoarse: 5, numFine: 4, near: 2, far: 6 };
const config: NerfConfig = {
  model: { hiddenSize: 8, numLayers: 3, skipConnectEvery: 1, numEncodingFnXyz: 3, numEncodingFnDir: 1 },
  lr: 5e-3,
  lrDecay: 20,
  lrDecayFactor: 0.1,
  numRandomRays: 8,
  train: { ...sampling, lindisp: false, perturb: true, radianceFieldNoiseStd: 0.2, whiteBackground: false },
  validation: { ...sampling, lindisp: true, perturb: false, radianceFieldNoiseStd: 0, whiteBackground: true },
};

function begun(dtype: "float64" | "float32"): { readonly scene: Scene; readonly training: NerfTraining } {
  manualSeed(9458);
  const images = rand(count, height, width, 3).to(dtype);
  const poses = stack(Array.from({ length: count }, (_, k) => poseSpherical(90 * k, -30, 4, { dtype })));
  return { scene: { images, poses, focal: 7 }, training: new NerfTraining(config, { dtype }) };
}

async function follows(dtype: "float64" | "float32", tolerance: number): Promise<void> {
  const { losses, validation } = expected[dtype];
  const { scene, training } = begun(dtype);
  const figures: NerfFigures[] = [];
  for (const _ of losses) figures.push(await training.step(scene, count - 1));
  expect(
    apart(
      figures.map(({ loss }) => loss),
      losses,
    ),
  ).toBeLessThan(tolerance);
  const { coarse, fine } = await training.validate(scene, count - 1);
  expect(apart([coarse, fine], validation)).toBeLessThan(tolerance);
}

it("follows PyTorch in float64 to 1e-6 over 24 steps and a whole image", async () => {
  await init({ device: "cpu" });
  await follows("float64", 1e-6);
});

onEveryDevice(() => {
  // Float32 on both sides: sums in another order, some 1e-7 a step, which Adam's first steps, of one size whatever the gradient, raise.
  it("follows PyTorch's float32 to 1e-4 over 3 steps and a whole image", () => follows("float32", 1e-4));
});

it("goes on from a checkpoint of both networks as if it had never stopped", async () => {
  await init({ device: "cpu" });
  const { scene, training } = begun("float32");
  await training.step(scene, count);
  const { models: model, optimizer } = training;
  const file = await io.saveCheckpoint({ model, optimizer }, { extra: { iter: 1 } });
  const next = await training.step(scene, count);

  const { training: other } = begun("float32");
  expect(io.loadCheckpoint(file, { model: other.models, optimizer: other.optimizer })).toEqual({ iter: 1 });
  expect(await other.step(scene, count)).toEqual(next);
});
