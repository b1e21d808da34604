// Every model of the terminal: a small run leaves its files, and one that was stopped goes on to the same bits.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inflateSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { MODEL_NAMES as DIGITS_MODELS } from "../../demo/mnist/model-names.ts";
import { writeAll } from "../../demo/train/files.ts";
import { learnerFor } from "../../demo/train/learners.ts";
import { MODEL_NAMES, type ModelName, modelOf } from "../../demo/train/models.ts";
import { parseOptions, type TrainOptions } from "../../demo/train/options.ts";
import { gridPng } from "../../demo/train/png.ts";
import { ProgressLine } from "../../demo/train/progress.ts";
import { resultsOf } from "../../demo/train/results.ts";
import { Interrupted, readRun, Run } from "../../demo/train/run.ts";
import { init, io } from "../../src/index.ts";
import { bars } from "./bars.ts";

const digits = { train: bars(18), heldOut: bars(10) };
let out = "";
const said = vi.spyOn(console, "log");
beforeAll(async () => {
  out = mkdtempSync(join(tmpdir(), "wengert-models-"));
  said.mockImplementation(() => undefined);
  await init({ device: "cpu" });
});
afterAll(() => {
  vi.restoreAllMocks();
  rmSync(out, { recursive: true, force: true });
});

/** Runs two epochs of three steps each, or is stopped once it has shown `until` steps. */
async function go(model: ModelName, folder: string, resume?: string, until = Infinity): Promise<Run> {
  const width = modelOf(model).width === undefined ? [] : ["--width=4"];
  const limit = modelOf(model).points === undefined ? [] : ["--limit=18"];
  const options = parseOptions([`--model=${model}`, "--epochs=2", "--batch=6", `--out=${folder}`, ...width, ...limit]) as TrainOptions;
  const write = (text: string): void => {
    if (Number(/^step (\d+)/.exec(text)![1]) >= until) run.stop();
  };
  const saved = resume === undefined ? undefined : readRun(resume);
  const run: Run = new Run(learnerFor(options, digits), { ...options, resume }, new ProgressLine({ write }), saved);
  const { pictures } = await run.finish();
  writeAll(folder, await resultsOf(run, options, pictures));
  return run;
}

/** What a PNG holds, from its header and its unpacked rows. */
function readPng(file: Buffer): { width: number; height: number; rows: Buffer } {
  expect(file.subarray(1, 4).toString()).toBe("PNG");
  expect(file.subarray(-8).toString("hex")).toBe("49454e44ae426082"); // IEND with the checksum that the specification's readers expect
  const [width, height] = [file.readUInt32BE(16), file.readUInt32BE(20)];
  return { width, height, rows: inflateSync(file.subarray(41, 41 + file.readUInt32BE(33))) };
}

const TASKS = MODEL_NAMES.filter((name) => !(DIGITS_MODELS as readonly string[]).includes(name));
/** Its losses, its held-out figure, the pictures in a row and the rows of them. */
const EXPECTED: Readonly<Record<string, readonly [losses: string, heldOut: string, columns?: number, rows?: number, side?: number]>> = {
  resnet: ["loss", "accuracy"],
  unet: ["loss", "iou", 8, 3, 28],
  vae: ["loss", "loss", 8, 8, 28],
  dcgan: ["generator,discriminator", "real,fake", 8, 8, 28],
  "wgan-gp": ["discriminator,distance,generator", "distance", 8, 8, 28],
  pinn: ["loss,equation", "error", 2, 1, 64],
};

describe.each(TASKS)("%s", (model) => {
  it("leaves its files, stopped in the middle or not", { timeout: 60_000 }, async () => {
    const [folder, halves] = [mkdtempSync(join(out, "whole-")), mkdtempSync(join(out, "halves-"))];
    const [losses, heldOut, columns = 0, rows = 0, side = 0] = EXPECTED[model]!;
    const whole = await go(model, folder);
    expect(Object.keys(whole.losses[0]!).join()).toBe(losses);
    expect(Object.keys(whole.heldOut[1]!).join()).toBe(heldOut);
    for (const figures of [...whole.losses, ...whole.heldOut]) for (const value of Object.values(figures)) expect(value).not.toBeNaN();
    const files = ["graph.dot", "graph.svg", "loss.svg", "model.safetensors", ...(columns > 0 ? ["samples.png"] : [])];
    expect(readdirSync(folder).sort()).toEqual(["checkpoint.safetensors", ...files]);
    expect(readFileSync(join(folder, "graph.dot"), "utf8")).toMatch(/^digraph .*weight.*\}\s*$/s);
    expect(readFileSync(join(folder, "loss.svg"), "utf8")).toContain(modelOf(model).title);
    const { metadata: _, tensors } = io.inspectSafetensors(readFileSync(join(folder, "model.safetensors")));
    expect(tensors.length).toBeGreaterThan(5);
    if (columns > 0) {
      const png = readPng(readFileSync(join(folder, "samples.png")));
      expect([png.width, png.height]).toEqual([columns * (4 * side + 4) + 4, rows * (4 * side + 4) + 4]);
      expect(png.rows.length).toBe((png.width + 1) * png.height);
    }

    const file = join(halves, "checkpoint.safetensors");
    await expect(go(model, halves, undefined, 1)).rejects.toThrow(Interrupted);
    expect(readRun(file).losses.length).toBeLessThan(6);
    const resumed = await go(model, halves, file);
    expect(resumed.losses).toEqual(whole.losses);
    expect(resumed.heldOut).toEqual(whole.heldOut);
    for (const name of ["model.safetensors", ...(columns > 0 ? ["samples.png"] : [])])
      expect(readFileSync(join(halves, name)).equals(readFileSync(join(folder, name))), name).toBe(true);
  });
});

it("says after an epoch what every loss was on average, and what was found on held-out digits", () => {
  const lines = said.mock.calls.map(([line]) => String(line));
  for (const words of [
    /^epoch 1\/2 {2}mean loss \d\.\d{4} {2}held-out accuracy [\d.]+ %$/,
    /^epoch 2\/2 {2}mean loss \d\.\d{4} {2}held-out IoU [\d.]+ %$/,
    /^epoch 2\/2 {2}mean loss \d+\.\d\d {2}held-out loss \d+\.\d\d$/,
    /^epoch 1\/2 {2}mean loss G \d\.\d{4} {2}mean loss D \d\.\d{4} {2}held-out D\(x\) 0\.\d{4} {2}D\(G\(z\)\) 0\.\d{4}$/,
    /^epoch 1\/2 {2}mean loss D -?\d+\.\d{2,4} {2}mean distance -?\d\.\d{4} {2}mean loss G -?\d\.\d{4} {2}held-out distance -?\d\.\d{4}$/,
    /^epoch 1\/2 {2}mean loss \d\.\d{4} {2}mean equation \d\.\S+ {2}relative error [\d.]+ %$/,
  ])
    expect(lines.filter((line) => words.test(line)).length, String(words)).toBeGreaterThan(0);
});

it("pictures stand side by side, four pixels to a value", () => {
  const { width, height, rows } = readPng(Buffer.from(gridPng({ count: 2, height: 1, width: 2, values: [0, 1, 0.5, -3] })));
  expect([width, height]).toEqual([28, 12]);
  const row = [...rows.subarray(5 * 29, 6 * 29)];
  const [gap, of] = [new Array<number>(4).fill(96), (v: number): number[] => new Array<number>(4).fill(v)];
  expect(row).toEqual([0, ...gap, ...of(0), ...of(255), ...gap, ...of(128), ...of(0), ...gap]);
});
