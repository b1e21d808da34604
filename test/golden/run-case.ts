// One golden case on one device: the operator's value, gradient and second gradient against PyTorch's.
import { grad } from "../../src/autograd/engine.ts";
import { type DType, isFloat } from "../../src/base/dtype.ts";
import { tensor } from "../../src/tensor/create.ts";
import type { DeviceName } from "../../src/tensor/device.ts";
import { records } from "../../src/ops/install.ts";
import { differentiable } from "../../src/ops/op.ts";
import { tensorsIn } from "../../src/inspect/samples.ts";
import { functions } from "../../src/tensor/methods.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { type GoldenCall, type GoldenCase, type GoldenLists, type GoldenTensor, materialise } from "./loader.ts";

/** Accepted deviation of [results, gradients, second gradients]: absolute and relative. */
const tolerances = {
  float64: { atol: [1e-9, 1e-9, 1e-8], rtol: [1e-6, 1e-6, 1e-6] },
  float32: { atol: [1e-5, 2e-5, 1e-4], rtol: [1e-5, 5e-5, 2e-4] },
} as const;

const upload = (t: GoldenTensor, device: DeviceName): Tensor => {
  const dtype: DType = t.dtype === "float32" && device === "cpu" ? "float64" : t.dtype;
  return tensor(Float64Array.from(t.data), { shape: t.shape, dtype, device, requiresGrad: t.grad });
};

/** The call's tensors on a device, and its arguments. */
export function prepare(call: GoldenCall, device: DeviceName): { tensors: Tensor[]; args: unknown[] } {
  const tensors = call.tensors.map((t) => upload(t, device));
  const args = materialise(call, { tensor: (k) => tensors[k]!, slice: (start, stop, step) => ({ start, stop, step }), ellipsis: "..." });
  // Creation functions have no operand to take the device from.
  if (tensors.length === 0 && !(call.op in records)) {
    const last = args[args.length - 1];
    if (typeof last === "object" && last !== null && !Array.isArray(last)) args[args.length - 1] = { ...last, device };
    else args.push({ device });
  }
  return { tensors, args };
}

export type Callable = Record<string, ((...args: unknown[]) => unknown) | undefined>;

/** Runs the case; returns what deviates, empty when all is well. */
export async function runCase(c: GoldenCase, device: DeviceName, extra: Callable): Promise<string[]> {
  const { tensors, args } = prepare(c, device);
  const fn = (functions as unknown as Callable)[c.op] ?? extra[c.op];
  if (!fn) return [`no operator ${c.op}`];
  const results = tensorsIn(await fn(...args));
  const record = records[c.op];
  const graphed = record !== undefined && differentiable(record) && tensors.some((t) => t.requiresGrad);
  const wide = device === "cpu" && !c.f32;
  const problems: string[] = [];
  const check = (
    what: string,
    order: 0 | 1 | 2,
    got: readonly (number | bigint)[] | ArrayLike<number> | undefined,
    want: readonly (number | null)[] | null,
  ): void => {
    const { atol, rtol } = tolerances[wide ? "float64" : "float32"];
    const slack = wide ? 0 : 8 * (c.e32[order] ?? 0);
    const n = got?.length ?? want?.length ?? 0;
    if (want && got && want.length !== got.length) return void problems.push(`${what} has ${got.length} elements, expected ${want.length}`);
    let scale = 0;
    for (const v of want ?? []) if (v !== null && Number.isFinite(v)) scale = Math.max(scale, Math.abs(v));
    // Sums of terms that cancel lose accuracy relative to the largest of them, not to their result.
    const floor = atol[order]! * (wide ? 1 : Math.max(1, Math.min(scale, 1e6)));
    for (let i = 0; i < n; i++) {
      const b = want ? want[i] : 0;
      if (b === null || b === undefined) continue;
      const a = Number(got?.[i] ?? 0);
      const expected = wide ? b : Math.fround(b);
      if (Object.is(a, expected) || a === expected) continue;
      const bound = floor + rtol[order]! * Math.abs(expected) + slack * Math.max(1, Math.abs(expected));
      if (!(Math.abs(a - expected) <= bound)) return void problems.push(`${what}[${i}] = ${a}, expected ${expected}`);
    }
  };
  if (results.length !== c.results.length) return [`${results.length} results, expected ${c.results.length}`];
  for (const [k, want] of c.results.entries()) {
    const got = results[k]!;
    if (String(got.shape) !== String(want.shape))
      problems.push(`result ${k} has shape [${got.shape.join(", ")}], expected [${want.shape.join(", ")}]`);
    const dtype = want.dtype === "float32" && wide && isFloat(got.dtype) ? got.dtype : want.dtype;
    if (got.dtype !== dtype) problems.push(`result ${k} is ${got.dtype}, expected ${dtype}`);
    check(`result ${k}`, 0, await got.array(), want.data);
    const requires = got.requiresGrad ? "requires a gradient" : "requires no gradient";
    if (got.requiresGrad !== want.grad) problems.push(`result ${k} ${requires}, unlike PyTorch's`);
    if (got.requiresGrad !== (graphed && isFloat(got.dtype))) problems.push(`result ${k} ${requires}, unlike its record`);
  }
  for (const [k, data] of Object.entries(c.after ?? {})) check(`tensor ${k} afterwards`, 0, await tensors[Number(k)]!.array(), data);
  if (problems.length > 0 || !c.grad || !c.cot) return problems;
  await derivatives(c, tensors, results, check);
  return problems;
}

async function derivatives(
  c: GoldenCase,
  tensors: readonly Tensor[],
  results: readonly Tensor[],
  check: (what: string, order: 0 | 1 | 2, got: ArrayLike<number> | undefined, want: readonly (number | null)[] | null) => void,
): Promise<void> {
  const filled = (list: GoldenLists[number], like: Tensor): Tensor =>
    tensor(
      Float64Array.from(list!, (v) => v ?? 0),
      { shape: like.shape, dtype: like.dtype, device: like.device.type },
    );
  const live = results.map((r, k) => [r, c.cot![k]] as const).filter(([r, cot]) => cot && r.requiresGrad);
  const seeds = live.map(([r, cot]) => filled(cot!, r).requiresGrad_());
  const leaves = tensors.filter((t) => t.requiresGrad);
  const second = c.vv !== undefined && c.gg !== undefined;
  // Without a graph fused kernels compute them, with one the definitions of those.
  const slopes = async (what: string, createGraph: boolean): Promise<(k: number) => Tensor | undefined> => {
    const ends = live.map(([r]) => r);
    const options = { gradOutputs: seeds, createGraph, retainGraph: second, allowUnused: true };
    const grads: readonly (Tensor | undefined)[] = live.length === 0 ? [] : grad(ends, leaves, options);
    const at = (k: number): Tensor | undefined => grads[leaves.indexOf(tensors[k]!)];
    for (const [k, want] of c.grad!.entries()) if (tensors[k]!.requiresGrad) check(`${what} ${k}`, 1, await at(k)?.array(), want);
    return at;
  };
  await slopes("gradient", false);
  if (!second) return;
  const at = await slopes("gradient with a graph", true);
  const terms = c.vv!.map((v, k) => [at(k), v] as const).filter(([g, v]) => g?.requiresGrad && v) as [Tensor, GoldenLists[number]][];
  if (terms.length === 0) return;
  const inputs = [...leaves, ...seeds];
  const gg = grad(
    terms.map(([g]) => g),
    inputs,
    { gradOutputs: terms.map(([g, v]) => filled(v, g)), allowUnused: true },
  ) as (Tensor | undefined)[];
  for (const [k, want] of c.gg!.inputs.entries())
    if (tensors[k]!.requiresGrad) check(`second gradient ${k}`, 2, await gg[leaves.indexOf(tensors[k]!)]?.array(), want);
  let s = 0;
  for (const [k, want] of c.gg!.cot.entries())
    if (c.cot![k] && results[k]!.requiresGrad) check(`gradient of cotangent ${k}`, 2, await gg[leaves.length + s++]?.array(), want);
}
