// Training step by step as PyTorch did it: the same weights, the same batches.
import { expect } from "vitest";
import { tidy } from "../../src/autograd/scope.ts";
import type { DType } from "../../src/base/dtype.ts";
import { manualSeed } from "../../src/base/random.ts";
import { functional as F } from "../../src/nn/index.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { transferred } from "../../src/tensor/transfer.ts";
import { loadFixture } from "../golden/loader.ts";
import { digits, networks, optimizers } from "./networks.ts";

interface Digest {
  readonly shape: readonly number[];
  readonly sum: number;
  readonly norm: number;
  readonly stride: number;
  readonly data: readonly number[];
}
export interface Run {
  readonly model: keyof typeof networks;
  readonly optimiser: keyof typeof optimizers;
  readonly losses: readonly number[];
  readonly gradients: Readonly<Record<string, Digest>>;
  readonly final: Readonly<Record<string, Digest>>;
}
export const fixture = (await loadFixture("training/trajectories")) as {
  readonly batch: number;
  readonly steps: number;
  readonly seed: number;
  readonly runs: readonly Run[];
};
const data = await digits(fixture.batch * fixture.steps);
/** With their titles. */
export const named = (runs: readonly Run[]): (readonly [string, Run])[] =>
  runs.map((run) => [`${run.model} with ${run.optimiser}`, run] as const);

/** Largest deviation from a digest, relative to the tensor's root mean square. */
async function deviation(t: Tensor, { stride, data: expected, norm, shape }: Digest): Promise<number> {
  expect(t.shape).toEqual(shape);
  const got = await t.array();
  // The floor is for gradients that are zero but for rounding: the bias of a convolution under batch normalisation.
  const scale = norm / Math.sqrt(Math.max(1, got.length)) + 1e-6;
  return expected.reduce(
    (worst, v, k) => Math.max(worst, Math.abs(got[stride === 1 || k < 64 ? k : 64 + (k - 64) * stride]! - v) / scale),
    0,
  );
}

/** Trains as the fixture did; gives the relative error of each loss, and of gradients and weights where asked for. */
export async function follow(
  run: Run,
  dtype: DType,
  steps: number,
  inspect: boolean,
): Promise<{ losses: number[]; gradients: number; weights: number }> {
  manualSeed(fixture.seed);
  const model = networks[run.model]().to(dtype);
  const optimizer = optimizers[run.optimiser](model);
  const place = { storage: [...model.parameters()][0]!.storage, dtype };
  const images = transferred(data.images, place);
  const labels = transferred(data.labels, { ...place, dtype: "int32" });
  const losses: Tensor[] = [];
  let gradients = 0;
  for (let step = 0; step < steps; step++) {
    losses.push(
      tidy(() => {
        const rows = (t: Tensor): Tensor => t.narrow(0, fixture.batch * step, fixture.batch);
        optimizer.zeroGrad();
        const loss = F.crossEntropy(model.call(rows(images)) as Tensor, rows(labels));
        loss.backward();
        return loss.detach();
      }),
    );
    if (step === 0 && inspect)
      for (const [name, p] of model.namedParameters()) gradients = Math.max(gradients, await deviation(p.grad!, run.gradients[name]!));
    optimizer.step();
  }
  let weights = 0;
  // Adam turns such a rounding gradient into steps of either sign, and the running mean follows the bias; the loss sees neither.
  const rounding = Object.keys(run.gradients).filter((name) => run.gradients[name]!.norm < 1e-10);
  const free = (name: string): boolean => rounding.includes(name) || (rounding.length > 0 && name.endsWith("running_mean"));
  if (inspect)
    for (const [name, t] of Object.entries(model.stateDict()))
      if (!free(name)) weights = Math.max(weights, await deviation(t, run.final[name]!));
  const values = await Promise.all(losses.map((loss) => loss.item()));
  return { losses: values.map((v, i) => Math.abs(v - run.losses[i]!) / run.losses[i]!), gradients, weights };
}

/** For how many steps float32 stays with float64: PyTorch's own leaves it earlier for the other pairs. */
export const float32Steps = (run: Run): number =>
  run.model === "batchnorm" ? (run.optimiser === "adam" ? 10 : 0) : run.optimiser === "sgd" ? 50 : 10;
export const inFloat32 = named(fixture.runs.filter((run) => float32Steps(run) > 0));
