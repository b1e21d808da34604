// What tests know of an elementwise record beside its signature: the form that computes a call, and the size of the terms in it.
import { materialise } from "../../src/inspect/samples.ts";
import { type Form, formOf, type Pointwise } from "../../src/kernels/elementwise.ts";
import type { AnyOp, Arg, Sample } from "../../src/ops/op.ts";

export interface Computed {
  readonly form: Pick<Form, "ulp" | "cancels">;
  /** The largest term of result i, for errors of results that cancel; 0 where none can. */
  readonly term: (i: number) => number;
}

const isArg = (v: unknown): v is Arg => typeof v === "object" && v !== null && "$" in v;

/** How a sample of an elementwise record, whose tensors hold data, is computed. Composites state their accuracy themselves. */
export function computed(op: AnyOp, sample: Sample): Computed {
  if (!("fold" in op)) return { form: op as Pick<Form, "ulp">, term: () => 0 };
  const { args } = materialise(sample, "cpu", "float64");
  const { inputs, attrs } = op.call(...args);
  const form = formOf(op as unknown as Pointwise<object>, attrs as object);
  // Where the operands stand in the call.
  const places = (["x", "y", "z"] as const).map((key) => sample[args.indexOf(inputs[key])]);
  const operand = (v: unknown, i: number): number => (isArg(v) ? (v.data?.[i] ?? 0) : Number(v ?? 0));
  const sizeAt = (x: number, y: number, z: number): number => {
    const size = Math.abs(op.fold!({ x, y, z }, attrs, "float64"));
    return Number.isFinite(size) ? size : 0;
  };
  const term = (i: number): number => {
    const [x, y, z] = places.map((v) => operand(v, i)) as [number, number, number];
    return Math.max(sizeAt(x, 0, z), sizeAt(0, y, z), sizeAt(x, y, 0));
  };
  return { form, term: form.cancels ? term : () => 0 };
}

/** The operands of a sample whose tensors hold data: element i of each, and plain numbers as they are. */
export const operandsAt = (sample: Sample, i: number): number[] =>
  sample.flatMap((v) => (isArg(v) && v.data ? [v.data[i]!] : typeof v === "number" ? [v] : []));

/** The sample with other contents in its tensors, which `data` gives by position; those that it leaves alone stay. */
export const refilled = (sample: Sample, data: (arg: Arg, place: number) => readonly number[] | undefined): Sample =>
  sample.map((v, place) => {
    const values = isArg(v) ? data(v, place) : undefined;
    return values ? { ...(v as Arg), $: [values.length], data: values } : v;
  });

/** A sample as the name of a test. */
export const text = (sample: Sample): string =>
  `(${sample.map((v) => (isArg(v) ? (v.dtype ?? "float") + (v.$.length === 0 ? "[]" : "") : JSON.stringify(v))).join(", ")})`;
