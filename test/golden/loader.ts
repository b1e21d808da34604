// Reading of the golden fixtures, in Node and in Chromium.
//
// FORMAT. ops/<family>.json.gz, made by make.py from PyTorch, is gzipped JSON {torch, cases}. A case:
//   op        name of the operator, camelCase (`maxPool2d`)
//   args      positional arguments in PyTorch's order. number, boolean, string (modes, dtypes), null (PyTorch's None) stand for themselves;
//             {t: k} is tensor k of the case; {f: "NaN" | "Infinity" | "-Infinity"} a number JSON cannot hold; an array is a sequence.
//             Only in the index list of `index`: {slice: [start, stop, step]}, {ellipsis: true}, and null for a new axis.
//   options   absent, or the options object (camelCase keys, values encoded like arguments)
//   tensors   table of the inputs: {shape, dtype, data, grad?}. data is flat in row-major order, special floats are strings, bool is 0 or 1.
//             Inputs are float32 values; dtype "float32" means "the float type under test": on CPU float64 make it a float64 tensor.
//             grad: true requires grad. A tensor that appears twice in args is one tensor.
//   results   the outputs, flat: {shape, dtype, data}, computed in float64 from these inputs. On a float32 device compare with Math.fround.
//             grad: true requires grad in PyTorch. dtype is the one PyTorch gives when the inputs are float32; PyTorch's int64 is written int32.
//   out       0: the call returns results[0]. A list of numbers: an array of results. An object: fields by name ({values: 0, indices: 1}).
//   f32       true: the call computes in float32 on every device (integer inputs, or dtype "float32" asked for): use float32 tolerances,
//             and expect dtype float32 even when the float type under test is float64.
//   after     {k: data}: tensor k was changed in place by the call (running statistics)
//   cot       one cotangent per result, null where the result has no gradient
//   grad      one list per input tensor: d(sum of cot * result) / d(tensor); null = zero or not required. An element that is null inside a
//             list is not compared (PyTorch has NaN where the input is a number).
//   vv, gg    second order: with s = sum over inputs of vv[j] * grad[j], gg.inputs[j] = ds / d(tensor j), gg.cot[k] = ds / d(cot k).
//             null = zero. Absent where PyTorch has none.
//   e32       largest deviation of PyTorch's own float32 from these numbers, max |a - b| / max(1, |b|), for [results, grad, gg]:
//             a float32 run deserves some multiple of it where the problem is badly conditioned.
//   source    "opinfo" (PyTorch's database), "own" (samples.py), "extreme" (0, tiny, large, infinities, NaN; no second order)
// ops/errors.json.gz: {op, args, options, tensors, throws, numbers?, source}: the call must throw a typed error. `throws` is PyTorch's own
//   message, for reading. numbers: true marks calls that PyTorch refuses only because a plain number stands where it wants a tensor.
// training/<name>.json.gz: described at the top of make_training.py.

import type * as Fs from "node:fs/promises";
import type * as Url from "node:url";

/** The families of golden operator cases, one file each. */
export const FAMILIES = [
  "create",
  "elementwise",
  "reduce",
  "view",
  "gather",
  "matmul",
  "conv",
  "pool",
  "normalize",
  "loss",
  "norms",
  "vision",
  "pools",
  "contraction",
  "statistics",
  "counting",
  "sorting",
  "pointwise",
  "special",
  "activation",
  "losses",
] as const;
export type GoldenFamily = (typeof FAMILIES)[number];

export type GoldenDType = "float32" | "float64" | "int32" | "uint8" | "bool";

export interface GoldenTensor {
  readonly shape: readonly number[];
  readonly dtype: GoldenDType;
  /** Decoded numbers, row-major; float32 inputs are exact float32 values. */
  readonly data: readonly number[];
  readonly grad: boolean;
}

export type GoldenArg =
  | number
  | boolean
  | string
  | null
  | { readonly t: number }
  | { readonly slice: readonly (number | null)[] }
  | { readonly ellipsis: true }
  | readonly GoldenArg[];

/** One list of numbers per tensor; null for "zero". Elements that are null are not compared. */
export type GoldenLists = readonly (readonly (number | null)[] | null)[];

export interface GoldenCall {
  readonly op: string;
  readonly args: readonly GoldenArg[];
  readonly options?: Readonly<Record<string, GoldenArg>>;
  readonly tensors: readonly GoldenTensor[];
  readonly source: "opinfo" | "own" | "extreme";
}

export interface GoldenCase extends GoldenCall {
  readonly results: readonly GoldenTensor[];
  readonly out: 0 | readonly number[] | Readonly<Record<string, number>>;
  readonly f32: boolean;
  readonly after?: Readonly<Record<string, readonly number[]>>;
  readonly cot?: GoldenLists;
  readonly grad?: GoldenLists;
  readonly vv?: GoldenLists;
  readonly gg?: { readonly inputs: GoldenLists; readonly cot: GoldenLists };
  readonly e32: readonly number[];
}

export interface GoldenError extends GoldenCall {
  readonly throws: string;
  readonly numbers: boolean;
}

/** What the positions of a call become: how to make a tensor, and how this project writes slices and the ellipsis. */
export interface Materials<T> {
  readonly tensor: (index: number) => T;
  readonly slice?: (start: number | null, stop: number | null, step: number | null) => unknown;
  readonly ellipsis?: unknown;
}

type Json = number | string | boolean | null | Json[] | { [key: string]: Json };
type JsonObject = { [key: string]: Json };

async function bytes(url: URL): Promise<Uint8Array<ArrayBuffer>> {
  if (url.protocol === "file:") {
    // Out of the bundler's sight: browsers never come here.
    const [fs, path] = ["node:fs/promises", "node:url"];
    const { readFile } = (await import(/* @vite-ignore */ fs)) as typeof Fs;
    const { fileURLToPath } = (await import(/* @vite-ignore */ path)) as typeof Url;
    return new Uint8Array(await readFile(fileURLToPath(url)));
  }
  const response = await fetch(url);
  if (!response.ok) throw new Error(`golden: ${url.href} answered ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

/** The JSON of one fixture file, `path` relative to this folder without `.json.gz`. */
export async function loadFixture(path: string): Promise<unknown> {
  // Written in two steps, because bundlers rewrite the usual expression of both.
  const here = import.meta.url;
  const raw = await bytes(new URL(`${path}.json.gz`, here));
  // Some servers unpack .gz themselves.
  const packed = raw[0] === 0x1f && raw[1] === 0x8b;
  const stream = new Blob([raw]).stream();
  return new Response(packed ? stream.pipeThrough(new DecompressionStream("gzip")) : stream).json();
}

const isObject = (x: Json | undefined): x is JsonObject => typeof x === "object" && x !== null && !Array.isArray(x);

const isList = (arg: GoldenArg): arg is readonly GoldenArg[] => Array.isArray(arg);

function decodeList(list: Json | undefined): (number | null)[] {
  return (list as Json[]).map((x) => (x === null ? null : Number(x)));
}

const decodeLists = (lists: Json | undefined): (number | null)[][] =>
  (lists as Json[]).map((list) => (list === null ? null : decodeList(list))) as (number | null)[][];

function decodeTensor(json: Json, round: boolean): GoldenTensor {
  const { shape, dtype, data, grad } = json as JsonObject;
  const numbers = decodeList(data) as number[];
  return {
    shape: shape as number[],
    dtype: dtype as GoldenDType,
    data: round && dtype === "float32" ? numbers.map(Math.fround) : numbers,
    grad: grad === true,
  };
}

function decodeArg(json: Json): GoldenArg {
  if (Array.isArray(json)) return json.map(decodeArg);
  if (isObject(json) && "f" in json) return Number(json["f"]);
  return json as GoldenArg;
}

function decodeCall(json: JsonObject): GoldenCall {
  const { options } = json;
  return {
    op: json["op"] as string,
    args: (json["args"] as Json[]).map(decodeArg),
    ...(isObject(options) && { options: Object.fromEntries(Object.entries(options).map(([key, value]) => [key, decodeArg(value)])) }),
    tensors: (json["tensors"] as Json[]).map((tensor) => decodeTensor(tensor, true)),
    source: json["source"] as GoldenCall["source"],
  };
}

function decodeCase(json: JsonObject): GoldenCase {
  const { after, cot, grad, vv, gg } = json;
  return {
    ...decodeCall(json),
    results: (json["results"] as Json[]).map((result) => decodeTensor(result, false)),
    out: json["out"] as GoldenCase["out"],
    f32: json["f32"] === true,
    e32: json["e32"] as number[],
    ...(isObject(after) && { after: Object.fromEntries(Object.entries(after).map(([k, list]) => [k, decodeList(list) as number[]])) }),
    ...(cot !== undefined && { cot: decodeLists(cot) }),
    ...(grad !== undefined && { grad: decodeLists(grad) }),
    ...(vv !== undefined && { vv: decodeLists(vv) }),
    ...(isObject(gg) && { gg: { inputs: decodeLists(gg["inputs"]), cot: decodeLists(gg["cot"]) } }),
  };
}

/** All golden cases of one family. */
export async function loadGolden(family: GoldenFamily): Promise<GoldenCase[]> {
  const file = (await loadFixture(`ops/${family}`)) as { cases: JsonObject[] };
  return file.cases.map(decodeCase);
}

/** All calls that PyTorch refuses. */
export async function loadGoldenErrors(): Promise<GoldenError[]> {
  const file = (await loadFixture("ops/errors")) as { cases: JsonObject[] };
  return file.cases.map((json) => ({ ...decodeCall(json), throws: json["throws"] as string, numbers: json["numbers"] === true }));
}

/** The arguments for `functions[call.op](...)`, the options object last when there is one. */
export function materialise<T>(call: GoldenCall, make: Materials<T>): unknown[] {
  const value = (arg: GoldenArg): unknown => {
    if (typeof arg !== "object" || arg === null) return arg;
    if (isList(arg)) return arg.map(value);
    if ("t" in arg) return make.tensor(arg.t);
    if ("slice" in arg) return make.slice?.(arg.slice[0] ?? null, arg.slice[1] ?? null, arg.slice[2] ?? null) ?? arg;
    return make.ellipsis ?? arg;
  };
  const args = call.args.map(value);
  if (call.options) args.push(Object.fromEntries(Object.entries(call.options).map(([key, arg]) => [key, value(arg)])));
  return args;
}

/** The call in words, `maxPool2d(float32[1, 2, 6, 6]*, 2, {stride: 1})`; a star marks what requires grad. Good as a test's name. */
export function describeCall(call: GoldenCall): string {
  const fields = (entries: object): string =>
    Object.entries(entries)
      .map(([key, arg]) => `${key}: ${text(arg as GoldenArg)}`)
      .join(", ");
  const text = (arg: GoldenArg): string => {
    if (typeof arg === "string") return `"${arg}"`;
    if (typeof arg !== "object" || arg === null) return String(arg);
    if (isList(arg)) return `[${arg.map(text).join(", ")}]`;
    if (!("t" in arg)) return `{${fields(arg)}}`;
    const { dtype, shape, grad } = call.tensors[arg.t]!;
    return `${dtype}[${shape.join(", ")}]${grad ? "*" : ""}`;
  };
  const options = call.options ? [`{${fields(call.options)}}`] : [];
  return `${call.op}(${[...call.args.map(text), ...options].join(", ")})`;
}
