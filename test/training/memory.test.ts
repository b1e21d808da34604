// Memory without ceremony: plain loops stay flat, and failures leave nothing behind.
import { beforeAll, expect, it } from "vitest";
import * as w from "../../src/index.ts";
import { inPage } from "../setup/runtime.ts";
import { lenet, trainStep } from "./networks.ts";

beforeAll(async () => {
  expect((await w.init({ device: "webgpu" })).device).toBe("webgpu");
});

const size = 8;

/** Throws memory away until the collector has done what is waited for; on a busy machine it takes its time. */
async function collection(done: () => boolean): Promise<void> {
  const thrownAway: ArrayBuffer[] = [];
  for (let round = 0; round < 3000 && !done(); round++) {
    thrownAway[0] = new ArrayBuffer(2 ** 25);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Pages, whose collector is the harder one to please, are given more. */
const steps = inPage ? 1000 : 400;

it(`${steps} plain LeNet steps hold a flat peak, below six times what one step needs`, { timeout: 600_000 }, async () => {
  w.manualSeed(0);
  const model = lenet();
  const optimizer = new w.optim.Adam(model.parameters(), { lr: 1e-3 });
  // What one step needs: the peak of live bytes when everything is freed as early as it can be.
  let needed = 0;
  for (let i = 0; i < 3; i++) {
    const before = w.memory().gpuBytes;
    w.resetPeak();
    w.tidy(() => {
      trainStep(model, optimizer, size, i);
      needed = Math.max(needed, w.memory().gpuPeakBytes);
    });
    await w.sync();
    expect(w.memory().gpuBytes - before).toBeLessThanOrEqual(i === 0 ? 2 ** 24 : 0);
  }
  const peaks = { early: 0, late: 0 };
  let created = 0;
  for (let i = 0; i < steps; i++) {
    if (i === 100 || i === steps / 2) w.resetPeak();
    if (i === steps / 4) created = w.stats().buffersCreated;
    if (i === steps / 2) created = ((w.stats().buffersCreated - created) * 4) / steps;
    const loss = trainStep(model, optimizer, size, i);
    if (i % 10 === 0) expect(Number.isFinite(await loss.item())).toBe(true);
    else await w.sync();
    if (i >= 100) peaks[i < steps / 2 ? "early" : "late"] = w.memory().gpuPeakBytes;
  }
  expect(created).toBeLessThanOrEqual(1);
  expect(peaks.late).toBeLessThanOrEqual(peaks.early * 1.1);
  expect(peaks.late).toBeLessThan(6 * needed);
});

it("cpuBytes falls again when the collector finds what nobody disposed of", async () => {
  const before = w.memory().cpuBytes;
  const kept = w.zeros(1000, { device: "cpu" }).add(1);
  const make = (): void => {
    for (let i = 0; i < 1000; i++) w.tensor(new Float32Array(i % 50), { device: "cpu" }).add(kept.sum());
    for (let i = 0; i < 30; i++) w.tensor(new Float32Array(1 << 15), { device: "cpu" });
  };
  make();
  expect(w.memory().cpuBytes - before).toBeGreaterThan(30 * 4 * (1 << 15));
  await collection(() => w.memory().cpuBytes <= before + 2 ** 16);
  expect(w.memory().cpuBytes).toBeLessThanOrEqual(before + 2 ** 16);
  expect(await kept.sum().item()).toBe(1000);
});

it.each(["forward", "backward", "step"] as const)(
  "after throwing in the middle of %s 200 times the ledger is back where it was",
  async (where) => {
    const model = lenet();
    const optimizer = new w.optim.Adam(model.parameters(), { lr: 1e-3 });
    await trainStep(model, optimizer, 4).item();
    const fail = (): never => {
      throw new Error("planted");
    };
    const reason = where === "step" ? "lr must be a number, got NaN" : "planted";
    const attempt = (): void =>
      w.tidy(() => {
        const x = w.tensor(new Float32Array(4 * 784), { shape: [4, 1, 28, 28] });
        optimizer.zeroGrad();
        const handles = where === "forward" ? [[...model][7]!.registerForwardPreHook(fail)] : [];
        try {
          const out = model.call(x) as w.Tensor;
          if (where === "backward") out.registerHook(fail);
          out.sum().backward();
          if (where === "step") {
            const last = [...model.parameters()].at(-1)!;
            last.grad = w.zeros(last.shape);
            optimizer.paramGroups[0]!.lr = NaN;
            optimizer.step();
          }
        } finally {
          for (const h of handles) h.remove();
        }
      });
    for (let i = 0; i < 3; i++) expect(attempt).toThrow(reason);
    await w.sync();
    const before = w.memory();
    for (let i = 0; i < 200; i++) expect(attempt).toThrow(reason);
    await w.sync();
    // The gradient put in by hand is a handle like any other, which the collector returns in its own time.
    await collection(() => w.memory().gpuBytes <= before.gpuBytes);
    expect(w.memory().gpuBytes).toBeLessThanOrEqual(before.gpuBytes);
    expect(w.memory().gpuStorages).toBeLessThanOrEqual(before.gpuStorages);
  },
);
