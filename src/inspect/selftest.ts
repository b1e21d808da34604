// selfTest(): every operator's value, gradient and second gradient on this device against the CPU in float64.
import "../ops/all.ts";
import { isFloat } from "../base/dtype.ts";
import { show } from "../base/errors.ts";
import { parse } from "../base/options.ts";
import { entry } from "../base/reading.ts";
import { firstNames, records } from "../ops/install.ts";
import { type AnyOp, differentiable } from "../ops/op.ts";
import { defaultDevice, type DeviceName } from "../tensor/device.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type Derivatives, derivatives } from "./derivatives.ts";
import { casesOf, type Maker } from "./samples.ts";

/** Largest errors of one operator over its samples, relative to each value plus the mean magnitude of its tensor. */
export interface OpReport {
  readonly name: string;
  readonly samples: number;
  readonly value: number;
  readonly gradient: number;
  readonly second: number;
  /** Within the bounds, and no sample failed. */
  readonly ok: boolean;
  /** Messages of samples that threw or differed in shape. */
  readonly failures: readonly string[];
}
export interface SelfTestReport {
  readonly device: string;
  readonly operators: readonly OpReport[];
  readonly passed: number;
  readonly failed: number;
}
export interface SelfTestOptions {
  readonly device?: DeviceName;
  /** Only these operators. */
  readonly only?: readonly string[];
  readonly onProgress?: (report: OpReport, done: number, total: number) => void;
}

/** Accepted errors in float32: values, first and second gradients. */
export const bounds = { value: 2e-5, gradient: 1e-4, second: 5e-4 };
const keys = Object.keys(bounds) as (keyof typeof bounds)[];

type Tensors = readonly (Tensor | undefined)[];

/** Largest error between two lists of tensors; throws when shapes or presence differ. A missing gradient equals zeros. */
async function compare(what: string, got: Tensors, want: Tensors): Promise<number> {
  const described = ({ dtype, shape }: Tensor): string => (isFloat(dtype) ? "float" : dtype) + show(shape);
  const read = (list: Tensors): Promise<(ArrayLike<number> | undefined)[]> => Promise.all(list.map(async (x) => x?.array()));
  const [xs, ys] = await Promise.all([read(got), read(want)]);
  let worst = 0;
  for (let k = 0; k < Math.max(got.length, want.length); k++) {
    const [a, b] = [got[k], want[k]];
    if (a && b && described(a) !== described(b)) throw new Error(`${what} ${k} is ${described(a)}, expected ${described(b)}`);
    const [x, y] = [xs[k] ?? [], ys[k] ?? []];
    const size = Math.max(x.length, y.length);
    let mean = 0;
    for (const q of Array.from(y)) if (Number.isFinite(q)) mean += Math.abs(q) / size;
    for (let i = 0; i < size; i++) {
      const [p, q] = [x[i] ?? 0, y[i] ?? 0];
      if (Object.is(p, q) || p === q) continue;
      const error = Math.abs(p - q) / (Math.abs(q) + mean + 1e-6);
      worst = Number.isNaN(error) ? Infinity : Math.max(worst, error);
    }
  }
  return worst;
}

/** Throws when a result requires a gradient that its record denies, or lacks one that it promises. */
function checkGraph(op: AnyOp, { wanted, values }: Derivatives): void {
  for (const [k, { dtype, requiresGrad }] of values.entries())
    if (requiresGrad !== (wanted && differentiable(op) && isFloat(dtype)))
      throw new Error(`result ${k} ${requiresGrad ? "requires a gradient" : "carries no gradient"}, against its record`);
}

/** Checks one operator on one device against the CPU in float64. All is computed before anything is read: a read waits for the device. */
export async function checkOp(name: string, device: DeviceName, maker?: Maker): Promise<OpReport> {
  const op = records[name]!;
  const worst = { value: 0, gradient: 0, second: 0 };
  const failures: string[] = [];
  // Layouts are the samples' own concern.
  const samples = maker ? op.samples : casesOf(op).map(({ sample }) => sample);
  const checks = samples.map(async (sample) => {
    const [got, want] = [derivatives(name, sample, device, "float32", maker), derivatives(name, sample, "cpu", "float64", maker)];
    for (const run of [got, want]) checkGraph(op, run);
    const note = async (key: keyof typeof bounds, what: string, tensors: Tensors, expected: Tensors): Promise<void> =>
      void (worst[key] = Math.max(await compare(what, tensors, expected), worst[key]));
    await Promise.all([
      ...keys.map((key) => note(key, key, got[`${key}s`], want[`${key}s`])),
      // Kernels that a graph of gradients does without, on both sides, against what stands in for them.
      ...[got, want].flatMap((run) => [
        note("value", "unrecorded value", run.unrecorded, want.values),
        note("gradient", "fused gradient", run.fused, want.gradients),
      ]),
    ]);
  });
  for (const [i, check] of (await Promise.allSettled(checks)).entries())
    if (check.status === "rejected") {
      const { reason } = check as { readonly reason: unknown };
      failures.push(`sample ${i}: ${reason instanceof Error ? reason.message : String(reason)}`);
    }
  const ok = failures.length === 0 && keys.every((key) => worst[key] <= bounds[key]);
  return { name, samples: samples.length, ...worst, ok, failures };
}

/** Runs every operator's samples on a device (default: the one in use). Long; report progress from onProgress. */
export async function selfTest(options: SelfTestOptions = {}): Promise<SelfTestReport> {
  const o = entry("selfTest", arguments, 1, () =>
    parse(
      [options],
      {},
      {
        device: defaultDevice().type as DeviceName,
        only: firstNames().map(([name]) => name) as readonly string[],
        onProgress: undefined as SelfTestOptions["onProgress"],
      },
    ),
  );
  const operators: OpReport[] = [];
  for (const name of o.only) {
    const report = await checkOp(name, o.device);
    operators.push(report);
    o.onProgress?.(report, operators.length, o.only.length);
  }
  const passed = operators.filter((r) => r.ok).length;
  return { device: o.device, operators, passed, failed: operators.length - passed };
}
