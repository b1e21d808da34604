// A run that is stopped and gone on with is the run that was never stopped.
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import type { Digits } from "../../demo/mnist/digits.ts";
import { learnerFor } from "../../demo/train/learners.ts";
import { parseOptions, type TrainOptions } from "../../demo/train/options.ts";
import { ProgressLine } from "../../demo/train/progress.ts";
import { Interrupted, readRun, Run } from "../../demo/train/run.ts";
import { Tensor } from "../../src/tensor/tensor.ts";
import { onEveryDevice } from "../devices.ts";
import { bars } from "./bars.ts";

const digits: Digits = { train: bars(50), heldOut: bars(20) };
let out = "";
beforeAll(() => {
  out = mkdtempSync(join(tmpdir(), "wengert-run-"));
  vi.spyOn(console, "log").mockImplementation(() => undefined);
});
afterAll(() => {
  vi.restoreAllMocks();
  rmSync(out, { recursive: true, force: true });
});

onEveryDevice((device) => {
  const options = parseOptions(["--model=bnnet", "--epochs=3", "--batch=16", "--device", device]) as TrainOptions;

  /** Goes on to the end, or is stopped once it has shown `until` steps. */
  async function go(folder: string, resume?: string, until = Infinity): Promise<{ run: Run; weights: Uint8Array }> {
    const write = (text: string): void => {
      if (Number(/^step (\d+)/.exec(text)![1]) >= until) run.stop();
    };
    const saved = resume === undefined ? undefined : readRun(resume);
    const run = new Run(learnerFor(options, digits), { ...options, out: folder, resume }, new ProgressLine({ write }), saved);
    await run.finish();
    return { run, weights: await run.learner.weights() };
  }

  let whole: Awaited<ReturnType<typeof go>>;
  beforeAll(async () => {
    whole = await go(mkdtempSync(join(out, "whole-")));
  });

  it("losses stand in the order of their steps, whichever is read first", async () => {
    // As on a busy machine the first answer comes last.
    const read = vi.spyOn(Tensor.prototype, "item").mockImplementationOnce(async function (this: Tensor) {
      const value = (await this.array())[0]!;
      await new Promise((resolve) => setTimeout(resolve, 100));
      return value;
    });
    const { run } = await go(mkdtempSync(join(out, "late-")));
    expect(read.mock.calls.length).toBeGreaterThan(1);
    read.mockRestore();
    expect(run.losses).toEqual(whole.run.losses);
  });

  // Four steps an epoch: at its end, and twice in its middle.
  it.each([[[4]], [[1, 6]]])("stopped at steps %j it ends with the same bits", async (stops) => {
    const file = join(out, "checkpoint.safetensors");
    let resume: string | undefined;
    for (const step of stops) {
      await expect(go(out, resume, step)).rejects.toThrow(Interrupted);
      const at = readRun(file).losses.length;
      expect(at).toBeGreaterThanOrEqual(step);
      expect(at).toBeLessThan(12);
      resume = file;
    }
    const { run, weights } = await go(out, resume);
    expect(run.losses).toHaveLength(12);
    expect(run.losses).toEqual(whole.run.losses);
    expect(run.heldOut).toEqual(whole.run.heldOut);
    expect(weights).toEqual(whole.weights);
  });

  it("keeps a checkpoint after each epoch but the last, whole or not at all", async () => {
    const folder = mkdtempSync(join(out, "epochs-"));
    await go(folder);
    expect(readdirSync(folder)).toEqual(["checkpoint.safetensors"]);
    expect(readRun(join(folder, "checkpoint.safetensors"))).toMatchObject({ losses: { length: 8 }, heldOut: { length: 2 } });
  });

  it("refuses a checkpoint for other digits", async () => {
    const file = join(out, "checkpoint.safetensors");
    await expect(go(out, undefined, 2)).rejects.toThrow(Interrupted);
    const other: Digits = { ...digits, train: bars(40) };
    const line = new ProgressLine({ write: () => undefined });
    expect(() => new Run(learnerFor(options, other), { ...options, resume: file }, line, readRun(file))).toThrow(
      "was kept with 50 digits to train on, there are 40",
    );
  });
});
