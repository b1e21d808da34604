// The ported word vectors beside PyTorch: the same draws, losses, neighbours and clusters from one seed.
import { expect, it } from "vitest";
import { init, manualSeed } from "../../src/index.ts";
import { onEveryDevice } from "../devices.ts";
import { loadFixture } from "../golden/loader.ts";
import { apart, type Followed } from "./apart.ts";
import { kmeans, nearest, train } from "./word-vectors.ts";

type Run = Followed & {
  readonly nearest: readonly (readonly number[])[];
  readonly choice: readonly number[];
  readonly centers: readonly number[];
};
const expected = (await loadFixture("../ported/word-vectors")) as Readonly<Record<"float64" | "float32", Run>> & {
  readonly corpus: readonly number[];
};

async function follows(dtype: "float64" | "float32", tolerance: number): Promise<void> {
  const { losses, nearest: neighbours, choice, centers } = expected[dtype];
  manualSeed(11);
  const { losses: found, model } = await train(expected.corpus, losses.length, dtype);
  expect(apart(found, losses)).toBeLessThan(tolerance);
  expect(await nearest(model, 3).tolist()).toEqual(neighbours);
  const [clusters, middles] = await kmeans(model.ivectors.weight, 4);
  expect(await clusters.tolist()).toEqual(choice);
  const largest = Math.max(...centers.map(Math.abs));
  (await middles.array()).forEach((v, i) => expect(Math.abs(v - centers[i]!)).toBeLessThan(tolerance * largest));
}

it("follows PyTorch in float64 to 1e-6 over 24 steps", async () => {
  await init({ device: "cpu" });
  await follows("float64", 1e-6);
});

onEveryDevice(() => {
  // Float32 on both sides, with sums in another order: no more than a few units in the last place a step.
  it("follows PyTorch's float32 to 1e-5 over 4 steps", () => follows("float32", 1e-5));
});
