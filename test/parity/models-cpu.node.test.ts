// The networks of demo/models beside PyTorch, from one seed: the same losses for 100 steps, the same weights at the end.
import { beforeAll, expect, it } from "vitest";
import { ClassifierTask } from "../../demo/models/classifier.ts";
import { DcganTask } from "../../demo/models/dcgan.ts";
import { PINN, PinnTask } from "../../demo/models/pinn.ts";
import { resnet18 } from "../../demo/models/resnet.ts";
import { UnetTask } from "../../demo/models/segmentation.ts";
import type { Task } from "../../demo/models/task.ts";
import { UNet } from "../../demo/models/unet.ts";
import { VAE, VaeTask } from "../../demo/models/vae.ts";
import { WganGpTask } from "../../demo/models/wgan-gp.ts";
import { init, manualSeed, noGrad, tidy, type Tensor } from "../../src/index.ts";
import { loadFixture } from "../golden/loader.ts";
import { digits } from "./networks.ts";

type Sizes = Readonly<Record<string, number>>;
interface Run {
  readonly sizes: Sizes;
  readonly figures: Readonly<Record<string, readonly number[]>>;
  readonly final: Readonly<Record<string, Readonly<Record<string, readonly [sum: number, norm: number]>>>>;
}
const { seed, steps, batch, models } = (await loadFixture("training/models")) as {
  readonly seed: number;
  readonly steps: number;
  readonly batch: number;
  readonly models: Readonly<Record<string, Run>>;
};

const double = <T extends Task>(task: T): T => {
  for (const network of Object.values(task.networks)) network.double();
  return task;
};
const tasks: Readonly<Record<string, (sizes: Sizes) => Task>> = {
  resnet: ({ width }) => double(new ClassifierTask(resnet18({ width: width! }))),
  unet: ({ width }) => double(new UnetTask(new UNet(width))),
  vae: ({ hidden, latent }) => double(new VaeTask(new VAE(hidden, latent))),
  dcgan: (sizes) => double(new DcganTask(sizes)),
  "wgan-gp": (sizes) => double(new WganGpTask(sizes)),
  pinn: ({ width, depth, points }) => double(new PinnTask(new PINN(width, depth), points)),
};

beforeAll(async () => expect((await init({ device: "cpu" })).device).toBe("cpu"));

it.each(Object.keys(models))("%s in float64 follows PyTorch to 1e-6 over 100 steps", { timeout: 600_000 }, async (name) => {
  const { sizes, figures, final } = models[name]!;
  const { images, labels } = await digits(batch * steps);
  const wide = images.double();
  manualSeed(seed);
  const task = tasks[name]!(sizes);
  const seen: Record<string, Tensor[]> = {};
  for (let k = 0; k < steps; k++) {
    const rows = (t: Tensor): Tensor => t.narrow(0, batch * k, batch);
    const step = tidy(() => Object.entries(task.step(rows(wide), rows(labels), k)).map(([key, value]) => [key, value.detach()] as const));
    for (const [key, value] of step) (seen[key] ??= []).push(value);
  }
  expect(Object.keys(seen)).toEqual(Object.keys(figures));
  for (const [key, list] of Object.entries(seen)) {
    const values = await Promise.all(list.map((value) => value.item()));
    const off = values.map((value, i) => Math.abs(value - figures[key]![i]!) / Math.max(1e-3, Math.abs(figures[key]![i]!)));
    expect(Math.max(...off), `${key}, first off at step ${off.findIndex((v) => v > 1e-6)}`).toBeLessThan(1e-6);
  }
  for (const [kind, network] of Object.entries(task.networks))
    for (const [key, value] of Object.entries(network.stateDict())) {
      const [sum, norm] = final[kind]![key]!;
      expect(Math.abs((await value.double().sum().item()) - sum), `sum of ${kind} ${key}`).toBeLessThan(1e-5 * (1 + norm));
      expect(Math.abs((await value.double().norm().item()) - norm), `norm of ${kind} ${key}`).toBeLessThan(1e-5 * (1 + norm));
    }
  for (const network of Object.values(task.networks)) network.eval();
  const held = wide.narrow(0, 0, batch);
  const found = noGrad(() => Object.values(task.evaluate(held, labels.narrow(0, 0, batch))));
  for (const figure of found) expect(await figure.item()).toBeTypeOf("number");
  const pictures = noGrad(() => task.pictures?.(held));
  if (pictures) {
    expect(await pictures.amin().item()).toBeGreaterThanOrEqual(0);
    expect(await pictures.amax().item()).toBeLessThanOrEqual(1);
  }
});
