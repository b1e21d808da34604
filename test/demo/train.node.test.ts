// The terminal: options, refusals with exit code 2, and a small run from start to files.
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { OutputError, prepareFolder } from "../../demo/train/files.ts";
import { MODEL_NAMES, modelOf } from "../../demo/train/models.ts";
import { HELP, parseOptions, UsageError } from "../../demo/train/options.ts";
import { readRun } from "../../demo/train/run.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const digits = join(root, "demo/public/mnist");
let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "wengert-train-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Outcome {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

function start(args: readonly string[]): ChildProcessWithoutNullStreams {
  return spawn(process.execPath, ["--import", "tsx", "--import", "./test/setup/wgsl-loader.mjs", "demo/train/main.ts", ...args], {
    cwd: root,
  });
}

function finish(child: ChildProcessWithoutNullStreams): Promise<Outcome> {
  let [out, err] = ["", ""];
  child.stdout.on("data", (text: Buffer) => (out += text.toString()));
  child.stderr.on("data", (text: Buffer) => (err += text.toString()));
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, out, err })));
}

const train = (...args: string[]): Promise<Outcome> => finish(start(args));

/** One line on stderr that says what is wrong, nothing else, exit code 2. */
function expectRefusal({ code, out, err }: Outcome, words: RegExp): void {
  expect(err).toMatch(words);
  expect(err.trimEnd().split("\n")).toHaveLength(1);
  expect(out).toBe("");
  expect(code).toBe(2);
}

describe("options", () => {
  it("have the defaults that the help text names", () => {
    const defaults = {
      model: "lenet",
      epochs: 5,
      batch: 64,
      lr: 2e-3,
      width: undefined,
      seed: 42,
      device: "auto",
      limit: undefined,
      out: "runs/latest",
      data: undefined,
      resume: undefined,
    };
    expect(parseOptions([])).toEqual(defaults);
    for (const [name, value] of Object.entries(defaults)) {
      expect(HELP).toContain(`--${name}`);
      if (typeof value === "string" && name !== "device" && name !== "model") expect(HELP).toContain(`default ${value}`);
    }
    for (const name of MODEL_NAMES) {
      const { epochs, batch, lr, width, title } = modelOf(name);
      expect(parseOptions([`--model=${name}`])).toEqual({ ...defaults, model: name, epochs, batch, lr, width });
      expect(HELP).toMatch(new RegExp(`^  ${name} +${epochs} +${batch} +${lr} +${width ?? "–"}  ${title}: `, "m"));
    }
  });

  it("are read in both spellings", () => {
    expect(parseOptions(["--epochs", "3", "--lr=1e-3", "--model", "bnnet", "--limit=100"])).toMatchObject({
      epochs: 3,
      lr: 1e-3,
      model: "bnnet",
      limit: 100,
    });
    expect(parseOptions(["-h"])).toBe("help");
    expect(parseOptions(["--resume", "runs/a/checkpoint.safetensors"])).toMatchObject({ out: "runs/a" });
  });

  it.each([
    [["--epoch", "3"], /--epoch/],
    [["--epochs", "0"], /--epochs is "0", it takes a whole number from 1 to 1000/],
    [["--epochs", "2.5"], /--epochs/],
    [["--batch", "-1"], /--batch/],
    [["--lr", "0"], /--lr is "0"/],
    [["--lr", "fast"], /--lr is "fast"/],
    [["--lr", "NaN"], /--lr/],
    [["--seed", "4294967296"], /--seed/],
    [["--model", "vgg"], /--model is "vgg", it takes lenet, mlp, bnnet, resnet, unet, vae, dcgan, wgan-gp, pinn/],
    [["--width", "8"], /--width cannot be given with lenet/],
    [["--model", "unet", "--width", "0"], /--width is "0", it takes a whole number from 1 to 1024/],
    [["--model", "pinn", "--data", "x"], /--data cannot be given with pinn/],
    [["--device", "tpu"], /--device is "tpu", it takes auto, webgpu, cpu/],
    [["--limit", "9999"], /--limit/],
    [["--out", ""], /--out is empty/],
    [["--epochs"], /epochs/],
    [["--resume", ""], /--resume is empty, it takes a file/],
    [["--resume", "a/b", "--lr", "1"], /--lr cannot be given with --resume/],
    [["lenet"], /lenet/],
  ])("%j is refused in one line", (args, words) => {
    expect(() => parseOptions(args)).toThrow(UsageError);
    expect(() => parseOptions(args)).toThrow(words);
    expect(() => parseOptions(args)).not.toThrow(/\n/);
  });
});

describe("the command", () => {
  it("prints its help", async () => {
    expect(await train("--help")).toEqual({ code: 0, out: HELP, err: "" });
  });

  it("refuses an unknown option", async () => {
    expectRefusal(await train("--epoch", "1"), /^train: .*--epoch.*--help/);
  });

  it("names the data file that is missing", async () => {
    const out = join(folder, "never");
    expectRefusal(await train("--data", join(folder, "nowhere"), "--out", out), /train-(images|labels).*no such file/);
    expect(existsSync(out)).toBe(false);
  });

  it("names the data file that is damaged", async () => {
    const data = mkdtempSync(join(folder, "data-"));
    cpSync(digits, data, { recursive: true });
    truncateSync(join(data, "t10k-images-idx3-ubyte.gz"), 2000);
    expectRefusal(await train("--data", data, "--out", join(folder, "never"), "--device", "cpu"), /^train: t10k-images-idx3-ubyte\.gz: /);
    expect(existsSync(join(folder, "never"))).toBe(false);
  });

  it("refuses a folder that it cannot write, before training", async () => {
    const file = join(folder, "a-file");
    writeFileSync(file, "");
    expectRefusal(await train("--out", join(file, "run"), "--device", "cpu"), /^train: cannot write to .*a-file/);
    expectRefusal(await train("--out", file, "--device", "cpu"), /^train: cannot write to .*a-file/);
    // Node's recursive mkdir never returns from there.
    expect(() => prepareFolder("/proc/wengert/run")).toThrow(OutputError);
  });

  it("trains, reports, and writes whole files and no others", async () => {
    const out = join(folder, "run");
    const { code, out: text, err } = await train("--limit", "256", "--epochs", "1", "--device", "cpu", "--out", out);
    expect(err).toBe("");
    expect(code).toBe(0);
    expect(text).toMatch(/LeNet-5, 61,706 parameters, on CPU/);
    expect(text).toMatch(/step 4\/4 .*loss \d\.\d+ .*accuracy .* samples\/s/);
    const accuracy = Number(/held-out accuracy ([\d.]+) % after 4 steps/.exec(text)?.[1]);
    expect(accuracy).toBeGreaterThan(0);
    expect(text).toMatch(/digit +recognised as/);
    expect(readdirSync(out).sort()).toEqual(["graph.dot", "graph.svg", "loss.svg", "model.safetensors"]);
    expect(readFileSync(join(out, "graph.dot"), "utf8")).toMatch(/^digraph .*0\.weight.*\}\s*$/s);
    for (const name of ["graph.svg", "loss.svg"]) expect(readFileSync(join(out, name), "utf8")).toMatch(/^<svg .*<\/svg>\s*$/s);
    const weights = readFileSync(join(out, "model.safetensors"));
    const header = JSON.parse(weights.subarray(8, 8 + Number(weights.readBigUInt64LE())).toString()) as Record<string, { shape: number[] }>;
    expect(header["0.weight"]?.shape).toEqual([6, 1, 5, 5]);
    expect(header["11.bias"]?.shape).toEqual([10]);
  });

  it("leaves pictures of its own run only", async () => {
    const out = join(folder, "run");
    writeFileSync(join(out, "samples.png"), "");
    const { code, out: text } = await train("--model=pinn", "--limit=32", "--batch=16", "--epochs=1", "--device=cpu", "--out", out);
    expect(code).toBe(0);
    expect(text).toMatch(/Physics-informed network, 921 parameters, on CPU\n32 points to an epoch; Adam 0.005, batch 16, seed 42\n/);
    expect(text).toMatch(/\nrelative error [\d.]+ % after 2 steps in .*\n/);
    expect(text).toMatch(/graph\.svg, samples\.png \(temperature over place.*\)\n$/);
    expect(readFileSync(join(out, "samples.png")).length).toBeGreaterThan(1000);
    expect((await train("--model=mlp", "--limit=64", "--epochs=1", "--device=cpu", "--out", out)).code).toBe(0);
    expect(existsSync(join(out, "samples.png"))).toBe(false);
  });

  it("keeps a checkpoint when interrupted, in one line that says how to go on", async () => {
    const out = join(folder, "interrupted");
    const child = start(["--device", "cpu", "--epochs", "50", "--out", out]);
    child.stdout.on("data", (text: Buffer) => text.toString().includes("step ") && child.kill("SIGINT"));
    const { code, err } = await finish(child);
    const file = join(out, "checkpoint.safetensors");
    expect(err).toMatch(/^train: interrupted after step \d+ of 6250; npm run train -- --resume .*\n$/);
    expect(err).toContain(`--resume ${file} goes on`);
    expect(code).toBe(130);
    expect(readdirSync(out)).toEqual(["checkpoint.safetensors"]);
    expect(readRun(file)).toMatchObject({ options: { model: "lenet", epochs: 50, batch: 64, lr: 2e-3, seed: 42 }, heldOut: [] });
  });

  it("refuses a checkpoint that is none", async () => {
    expectRefusal(await train("--resume", join(folder, "none.safetensors")), /^train: .*none\.safetensors: there is no such file/);
    expect(() => readRun(join(folder, "run/model.safetensors"))).toThrow(/model\.safetensors: is no checkpoint of npm run train/);
    expect(() => readRun(join(folder, "run/loss.svg"))).toThrow(/loss\.svg: is no checkpoint of npm run train/);
  });
});
