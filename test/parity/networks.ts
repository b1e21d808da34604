// The networks and batches of the training fixtures (test/golden/make_training.py), for tests that follow PyTorch step by step.
import { buildModel } from "../../demo/mnist/models.ts";
import { loadIdx } from "../../src/io/index.ts";
import type * as nn from "../../src/nn/index.ts";
import { Adam, type Optimizer, SGD } from "../../src/optim/index.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import type * as Fs from "node:fs/promises";
import type * as Url from "node:url";

export const networks: Readonly<Record<"lenet" | "mlp" | "batchnorm", () => nn.Sequential>> = {
  mlp: () => buildModel("mlp"),
  lenet: () => buildModel("lenet"),
  batchnorm: () => buildModel("bnnet"),
};

export const optimizers: Readonly<Record<"sgd" | "adam", (model: nn.Module) => Optimizer>> = {
  sgd: (model) => new SGD(model.parameters(), { lr: 0.05, momentum: 0.9 }),
  adam: (model) => new Adam(model.parameters(), { lr: 1e-3 }),
};

/** A committed file's bytes, in Node and in Chromium. */
async function bytes(path: string): Promise<Uint8Array<ArrayBuffer>> {
  const here = import.meta.url;
  const url = new URL(`../../${path}`, here);
  if (url.protocol !== "file:") return new Uint8Array(await (await fetch(url)).arrayBuffer());
  const [fs, paths] = ["node:fs/promises", "node:url"];
  const { readFile } = (await import(/* @vite-ignore */ fs)) as typeof Fs;
  const { fileURLToPath } = (await import(/* @vite-ignore */ paths)) as typeof Url;
  return new Uint8Array(await readFile(fileURLToPath(url)));
}

/** The first `count` training digits on the CPU: pixels float32(v / 255) as [count, 1, 28, 28], and int32 labels. */
export async function digits(count: number): Promise<{ readonly images: Tensor; readonly labels: Tensor }> {
  const read = async (name: string): Promise<Tensor> => loadIdx(await bytes(`demo/public/mnist/${name}.gz`), { device: "cpu" });
  const [images, labels] = [await read("train-images-idx3-ubyte"), await read("train-labels-idx1-ubyte")];
  return {
    images: images.narrow(0, 0, count).cast("float32").div(255).reshape([count, 1, 28, 28]),
    labels: labels.narrow(0, 0, count).cast("int32"),
  };
}
