// One program on every device: CPU in float64 (the truth), CPU in float32, WebGPU; what is not explained is a finding.
import { noGrad } from "../../../src/autograd/mode.ts";
import { tensor } from "../../../src/tensor/create.ts";
import { init, webGpuDevice } from "../../../src/tensor/device.ts";
import { records } from "../../../src/ops/install.ts";
import { type AnyOp, isView } from "../../../src/ops/op.ts";
import type { Tensor } from "../../../src/tensor/tensor.ts";
import { Rng } from "../random.ts";
import { exact } from "./calls.ts";
import { type Difference, differsAtAll, differsInBits, differsInForm, outside, type Shown, shownBy } from "./compare.ts";
import { type Deviation, type Outcome, type Place, runProgram } from "./machine.ts";
import type { Program, Step } from "./program.ts";
import { slopes } from "./slopes.ts";

export const truth: Place = { device: "cpu", float: "float64" };
export const single: Place = { device: "cpu", float: "float32" };
export const gpu: Place = { device: "webgpu", float: "float32" };

/** What moves elements about and rounds nothing. */
const moving = new Set(["clone", "contiguous", "positive", "cat", "stack", "hstack", "vstack", "pad", "flip", "roll", "repeat", "tile", "gather", "indexSelect", "where", "maskedFill", "maximum", "minimum", "amax", "amin", "max", "min", "relu", "abs", "neg", "detach", "split", "chunk", "unbind", "flatten", "transpose", "swapaxes", "movedim", "squeeze", "unsqueeze", "t", "mT", "unflatten", "narrow", "index", "at", "splitWithSizes", "reshape", "reshapeAs", "viewAs", "expandAs", "take", "scatter"]); // prettier-ignore

function rounds({ op }: Step, profile: string): boolean {
  const record = records[op] as AnyOp | undefined;
  if (!record || isView(record) || moving.has(op) || op.startsWith("maxPool")) return false;
  return profile !== "ties" || (!Object.hasOwn(exact, op) && !/^(conv|mm|bmm|mat|batchMat|linear|index|put|scatter)/.test(op));
}

/** Imitates float32: results of arithmetic are off by up to a few units in the last place, tiny ones perhaps flushed to zero. */
function rounding({ profile }: Program, seed: number): Deviation {
  const rng = new Rng(seed, 77);
  const size = 2 ** rng.int(-23, -21);
  const flush = seed % 3 === 2;
  return {
    disturb(x: Tensor, step: Step): Tensor {
      if (!rounds(step, profile)) return x;
      const noise = Array.from({ length: x.numel() }, () => 1 + size * rng.pick([-1, 0, 1]));
      const factors = tensor(noise, { shape: x.shape, dtype: x.dtype, device: "cpu" });
      const y = x.mul(factors);
      return flush ? y.maskedFill(noGrad(() => y.abs().lt(2 ** -126)), 0) : y; // prettier-ignore
    },
  };
}

/** Inputs off by a unit in the last place or two: the same program with rounding errors of its own. */
function nudged(seed: number): Deviation {
  const rng = new Rng(seed, 78);
  return { shift: (data) => data.map((v) => Math.fround(v * (1 + 2 ** -22 * (rng.unit() - 0.5)))) };
}

/** Sizes at which float32 overflows, or nothing finite: the devices are compared with each other only. */
const beyondSingle = ({ tensors }: Shown): boolean => {
  for (const { type, data } of tensors.values()) {
    if (!type.startsWith("float")) continue;
    for (let i = 0; i < data.length; i++) if (!(Math.abs(data[i]!) <= 1e30)) return true;
  }
  return false;
};

async function compareAll(program: Program, [ref, f32, onGpu]: readonly [Shown, Shown, Shown]): Promise<Difference | undefined> {
  const form = differsInForm(ref, f32, ["float64", "float32"]) ?? differsInForm(f32, onGpu, ["the CPU", "WebGPU"]);
  if (form) return form;
  const extreme = program.profile === "special" || beyondSingle(ref) || beyondSingle(f32);
  const suspicious = (!extreme && differsAtAll(ref, f32, 16)) || differsAtAll(f32, onGpu, 16);
  if (!suspicious) return undefined;
  const runs: Shown[] = extreme ? [f32] : [ref];
  const noise: Shown[] = [];
  let found: Difference | undefined;
  for (const count of [4, 40]) {
    while (runs.length < count) {
      runs.push(await shownBy(runProgram(program, extreme ? single : truth, rounding(program, runs.length))));
      // Whole numbers must stay what they are, so that ties stay ties.
      if (program.profile !== "ties") noise.push(await shownBy(runProgram(program, single, nudged(runs.length))));
    }
    found = (extreme ? undefined : outside(f32, runs, noise, "the CPU in float32")) ?? outside(onGpu, [...runs, f32], noise, "WebGPU");
    if (!found) return undefined;
  }
  return found;
}

/** The device after an error that lost it. */
const revived = async (): Promise<void> => {
  if (webGpuDevice()?.lost !== undefined) await init({ device: "webgpu" });
};

/** Checks programs together, so that the GPU gets them in one submit. The difference found in each, if any. */
export async function checkAll(programs: readonly Program[], repeat = false): Promise<(Difference | undefined)[]> {
  const runs = programs.map((p, i) => {
    const on = (place: Place): Outcome => runProgram(p, place, {}, i % 4 !== 3);
    return { program: p, outcomes: [on(truth), on(single), on(gpu), ...(repeat ? [on(gpu)] : [])] };
  });
  const shown: Shown[][] = [];
  for (const { outcomes } of runs) shown.push(await Promise.all(outcomes.map(shownBy)));
  const { lost } = webGpuDevice() ?? {};
  if (lost !== undefined) {
    await revived();
    if (programs.length === 1) return [{ kind: "lost", what: `the device was lost: ${lost.message}` }];
    const alone: (Difference | undefined)[] = [];
    for (const p of programs) alone.push(...(await checkAll([p], repeat)));
    return alone;
  }
  const found: (Difference | undefined)[] = [];
  for (const [i, { program }] of runs.entries()) {
    const [ref, f32, onGpu, again] = shown[i]! as [Shown, Shown, Shown, Shown | undefined];
    const differs = (await compareAll(program, [ref, f32, onGpu])) ?? (again && differsInBits(onGpu, again));
    found.push(differs ?? (ref.thrown.length === 0 ? await slopes(program, ref) : undefined));
  }
  return found;
}

/** Checks one program. */
export const check = async (program: Program, repeat = false): Promise<Difference | undefined> => (await checkAll([program], repeat))[0];
