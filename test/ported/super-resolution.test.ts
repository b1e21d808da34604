// The ported super resolution beside PyTorch: the same pictures, shuffles, losses and signal to noise from one seed.
import { expect, it } from "vitest";
import { init, manualSeed, rand, type Tensor } from "../../src/index.ts";
import { onEveryDevice } from "../devices.ts";
import { loadFixture } from "../golden/loader.ts";
import { apart, type Followed } from "./apart.ts";
import { getSet, main, superResolve } from "./super-resolution.ts";

type Run = Followed & { readonly psnr: readonly number[]; readonly larger: readonly number[] };
const expected = (await loadFixture("../ported/super-resolution")) as Readonly<Record<"float64" | "float32", Run>>;

/** Trains as PyTorch did; gives the enlarged first picture beside what PyTorch makes of it. */
async function follows(
  dtype: "float64" | "float32",
  tolerance: number,
): Promise<readonly [ours: ArrayLike<number>, theirs: readonly number[]]> {
  const { losses, psnr, larger } = expected[dtype];
  manualSeed(123);
  const pictures: Tensor[] = Array.from({ length: 14 }, (_, k) => rand(11 + (k % 3), 13).mul(255));
  const [trainSet, testSet] = [getSet(pictures.slice(0, 11), 3, 11), getSet(pictures.slice(11), 3, 11)];
  const options = { upscaleFactor: 3, width: 8, batchSize: 4, testBatchSize: 2, nEpochs: psnr.length, lr: 0.01, dtype };
  const { model, ...found } = await main(trainSet, testSet, options);
  expect(apart(found.losses, losses)).toBeLessThan(tolerance);
  expect(apart(found.psnr, psnr)).toBeLessThan(tolerance);
  return [await superResolve(model, pictures[0]!.to(dtype)), larger];
}

it("follows PyTorch in float64 to 1e-6 over 24 steps", async () => {
  await init({ device: "cpu" });
  const [ours, theirs] = await follows("float64", 1e-6);
  expect(Array.from(ours)).toEqual(theirs);
});

onEveryDevice(() => {
  // Float32 on both sides, with sums in another order; bytes are cut off, so that one beside a whole number may fall on its other side.
  it("follows PyTorch's float32 to 1e-4 over an epoch", async () => {
    const [ours, theirs] = await follows("float32", 1e-4);
    expect(ours.length).toBe(theirs.length);
    theirs.forEach((byte, i) => expect(Math.abs(ours[i]! - byte)).toBeLessThanOrEqual(1));
  });
});
