// The networks that the training tests share, with the digits they learn.
import { buildModel } from "../../demo/mnist/models.ts";
import * as w from "../../src/index.ts";

/** LeNet for 28×28 images. */
export const lenet = (): w.nn.Sequential => buildModel("lenet");

/** Multi-layer perceptron 784-256-128-10. */
export const mlp = (): w.nn.Sequential => buildModel("mlp");

/** Deterministic images and labels of one batch; `seed` makes batches differ. */
export function batch(size: number, seed = 0): { readonly images: Float32Array<ArrayBuffer>; readonly labels: Int32Array<ArrayBuffer> } {
  const images = Float32Array.from({ length: size * 784 }, (_, i) => ((i * 7919 + seed * 104729) % 1009) / 1009);
  return { images, labels: Int32Array.from({ length: size }, (_, i) => (i * 3 + seed) % 10) };
}

/** One plain training step: upload, forward, loss, backward, update. Returns the loss. */
export function trainStep(model: w.nn.Module, optimizer: w.optim.Optimizer, size: number, seed = 0): w.Tensor {
  const { images, labels } = batch(size, seed);
  const x = w.tensor(images, { shape: [size, 1, 28, 28] });
  const y = w.tensor(labels);
  optimizer.zeroGrad();
  const loss = w.nn.functional.crossEntropy(model.call(x) as w.Tensor, y);
  loss.backward();
  optimizer.step();
  return loss;
}
