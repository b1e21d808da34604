// Reading and writing at indices on both devices: the machinery behind gather, scatter, index and embedding operators.
import source from "../../shaders/gather.wgsl?raw";
import { constantOf, uploadedOf, type View } from "../backend/backend.ts";
import { slices, walk } from "../backend/copy.ts";
import { dense, elements } from "../backend/cpu.ts";
import { bitsOf, type Kernel, kernel, type Launcher, wgslType } from "../backend/kernel.ts";
import { declarations } from "../backend/wgsl.ts";
import { type DType } from "../base/dtype.ts";
import { ArgumentError, show } from "../base/errors.ts";
import { contiguous, contiguousStrides, type Geometry, isContiguous, type Shape, sizeOf } from "../base/shape.ts";
import { around } from "./arguments.ts";

/** A 0-d tensor counts as one with a single dimension of size 1. */
export const atLeast1d = <T extends Geometry>(x: T): T => (x.shape.length > 0 ? x : { ...x, shape: [1], strides: [1] });

/** The view itself when dense at any offset, else a dense copy. */
const packed = (q: Launcher, x: View): View => (isContiguous(x) ? x : q.dense(x));
const missing = (dtype: DType): Record<string, number> => ({ MISSING: dtype === "float32" ? 0x7fc00000 : 0 });

const outside = (op: string, at: number, dim: number, size: number): ArgumentError =>
  new ArgumentError(op, `index ${at} is out of range for dimension ${dim} of size ${size}`, undefined, { index: at, dim, size });

/** Errors: ArgumentError when an index is out of [0, size); on the GPU only indices that the host uploaded are known in time, others read NaN or drop the write. */
export function checkRange(op: string, index: ArrayLike<number>, dim: number, size: number): void {
  for (let i = 0; i < index.length; i++) {
    const at = index[i]!;
    if (!(at >= 0 && at < size)) throw outside(op, at, dim, size);
  }
}

/** The elements of an index tensor or a mask where the host can see them without waiting, row-major. */
export function visible(x: View): ArrayLike<number> | undefined {
  const { device, constant } = x.storage;
  const uploaded = uploadedOf(x);
  if (constant !== undefined) return new Array<number>(sizeOf(x.shape)).fill(constant);
  if (device.type === "cpu") return dense(x);
  if (!uploaded) return undefined;
  const seen: number[] = [];
  eachOffset(x, (o) => seen.push(uploaded[o]!));
  return seen;
}

/** Range check on the GPU, for indices that the host still sees. */
function checkVisible(op: string, index: View, dim: number, size: number): void {
  const seen = visible(index);
  if (seen) checkRange(op, seen, dim, size);
}

/** out[o, j, i] = x[o, index[j], i] over the dimensions before and after `dim`. */
export function cpuSelect(op: string, x: View, index: View, out: View, dim: number): void {
  const [from, at, to] = [dense(x), dense(index), elements(out)];
  const extent = x.shape[dim]!;
  checkRange(op, at, dim, extent);
  const { outer, inner } = around(x.shape, dim);
  for (let o = 0, k = 0; o < outer; o++)
    for (let j = 0; j < at.length; j++, k += inner) {
      const start = (o * extent + at[j]!) * inner;
      if (inner === 1) to[k] = from[start]!;
      else to.set(from.subarray(start, start + inner), k);
    }
}

export function gpuSelect(q: Launcher, op: string, x: View, index: View, out: View, dim: number): void {
  checkVisible(op, index, dim, x.shape[dim]!);
  const { outer, inner } = around(x.shape, dim);
  const [from, at] = [packed(q, x), packed(q, index)];
  const count = sizeOf(index.shape);
  const by4 = inner % 4 === 0 && from.offset % 4 === 0;
  const unit = by4 ? 4 : 1;
  const size = (outer * count * inner) / unit;
  q.launch(
    kernel(source, by4 ? "index_select4" : "index_select", { consts: missing(x.dtype) }),
    { words: from, words4: from, index: at, out, out4: out },
    { size, count, extent: x.shape[dim]!, inner: inner / unit, x_offset: from.offset / unit, index_offset: at.offset },
    size,
  );
}

/** Geometry that walks the index shape through x, standing still along `dim`. */
const besides = (x: Geometry, shape: Shape, dim: number): Geometry => ({
  shape,
  strides: x.strides.map((s, d) => (d === dim ? 0 : s)),
  offset: x.offset,
});

/** out[…, j, …] = x[…, index[…, j, …], …], in the shape of index. */
export function cpuGather(op: string, x: View, index: View, out: View, dim: number): void {
  const [from, at, to] = [elements(x), dense(index), elements(out)];
  checkRange(op, at, dim, x.shape[dim]!);
  const stride = x.strides[dim]!;
  eachOffset(besides(x, index.shape, dim), (start, k) => {
    to[k] = from[start + at[k]! * stride]!;
  });
}

/** Calls visit(offset, index) for every element of `g`, row-major. */
function eachOffset({ shape, strides, offset }: Geometry, visit: (offset: number, k: number) => void): void {
  const total = sizeOf(shape);
  const last = shape.length - 1;
  const [width, step] = [shape[last] ?? 1, strides[last] ?? 0];
  const at = new Array<number>(shape.length).fill(0);
  let start = offset;
  for (let k = 0; k < total;) {
    for (let c = 0, o = start; c < width; c++, o += step) visit(o, k++);
    for (let d = last - 1; d >= 0; d--) {
      start += strides[d]!;
      if (++at[d]! < shape[d]!) break;
      start -= strides[d]! * shape[d]!;
      at[d] = 0;
    }
  }
}

/** Launches `entry` over the index elements, which know their place beside the indexed dimension. */
function walkIndex(
  q: Launcher,
  entry: string,
  x: Geometry,
  index: View,
  dim: number,
  bind: Record<string, View>,
  dtype: DType,
  bad: number,
): void {
  const at = packed(q, index);
  const flat = { ...contiguous(index.shape), offset: at.offset };
  for (const [own, target] of slices([flat, besides(x, index.shape, dim)]) as [Geometry, Geometry][]) {
    const size = sizeOf(own.shape);
    const { d0: _outermost, ...extents } = walk("d", own.shape, 1);
    q.launch(
      kernel(source, entry, { consts: { RANK: Math.max(1, own.shape.length), ...(entry === "gather" ? missing(dtype) : {}) } }),
      { ...bind, index: at },
      {
        size,
        ...extents,
        ...walk("s", target.strides, 0),
        x_offset: target.offset,
        index_offset: own.offset,
        stride: x.strides[dim]!,
        extent: x.shape[dim]!,
        bad,
      },
      size,
    );
  }
}

export function gpuGather(q: Launcher, op: string, x: View, index: View, out: View, dim: number): void {
  checkVisible(op, index, dim, x.shape[dim]!);
  walkIndex(q, "gather", x, index, dim, { words: x, out }, x.dtype, 0);
}

/** How sources meet their destination: they add up on top of what is there, or the last one stands. */
export interface Scatter {
  readonly op: string;
  readonly dim: number;
  readonly accumulate: boolean;
  /** An index per element of the source, or one (1-D) per slice of it. */
  readonly perElement: boolean;
}

/** out = x; then out[…, index, …] takes src, in the order in which sources stand. */
export function cpuScatter(x: View, index: View, src: View, out: View, { op, dim, accumulate, perElement }: Scatter): void {
  const [at, from, to] = [dense(index), dense(src), elements(out)];
  const constant = constantOf(x);
  if (constant === undefined) to.set(dense(x));
  else to.fill(constant);
  const extent = out.shape[dim]!;
  checkRange(op, at, dim, extent);
  if (perElement) {
    const g = { shape: out.shape, strides: contiguousStrides(out.shape), offset: 0 };
    const stride = g.strides[dim]!;
    eachOffset(besides(g, index.shape, dim), (start, k) => {
      const o = start + at[k]! * stride;
      to[o] = accumulate ? to[o]! + from[k]! : from[k]!;
    });
  } else {
    const { outer, inner } = around(out.shape, dim);
    for (let o = 0, k = 0; o < outer; o++)
      for (let j = 0; j < at.length; j++) {
        const start = (o * extent + at[j]!) * inner;
        if (accumulate) for (let i = 0; i < inner; i++, k++) to[start + i]! += from[k]!;
        else for (let i = 0; i < inner; i++, k++) to[start + i] = from[k]!;
      }
  }
  if (out.dtype === "bool") for (let i = 0; i < to.length; i++) to[i] = to[i] === 0 ? 0 : 1;
}

const body = (from: string, to: string): string =>
  declarations(source)
    .find((d) => d.kind === "fn" && d.name === from)!
    .text.replace(`fn ${from}(`, `fn ${to}(`);

const combined = new Map<string, Kernel>();

/** An accumulating kernel for an element type; `constant` starts from a number instead of reading x. */
function accumulator(entry: "accumulate_direct" | "accumulate_segments", dtype: DType, s: Scatter, constant: boolean): Kernel {
  const key = [entry, dtype, s.accumulate, s.perElement, constant].join();
  let found = combined.get(key);
  if (!found) {
    const fns: Record<string, string> = {};
    if (dtype === "uint8") fns["combine"] = body("combine_masked", "combine");
    if (dtype === "bool") fns["combine"] = body("combine_truth", "combine");
    const part = entry === "accumulate_direct" ? "direct" : "segment";
    if (constant) fns[`first_of_${part}`] = `fn first_of_${part}(e: u32) -> Scalar { return bitcast<Scalar>(${part}_params.init); }`;
    const consts = {
      ACCUMULATE: s.accumulate ? 1 : 0,
      ...(part === "direct" ? { PER_ELEMENT: s.perElement ? 1 : 0 } : {}),
      ...(dtype === "uint8" ? { MASK: 255 } : {}),
    };
    combined.set(key, (found = kernel(source, entry, { consts, aliases: { Scalar: wgslType(dtype) }, fns })));
  }
  return found;
}

export function gpuScatter(q: Launcher, x: View, index: View, src: View, out: View, s: Scatter): void {
  checkVisible(s.op, index, s.dim, out.shape[s.dim]!);
  const size = sizeOf(out.shape);
  const count = sizeOf(index.shape);
  const constant = constantOf(x);
  const init = constant === undefined ? 0 : bitsOf(out.dtype, constant);
  const from = constant === undefined ? packed(q, x) : undefined;
  const values = packed(q, src);
  const base = { ...(from ? { x: from } : {}), src: values, sums: out };
  const offsets = { x_offset: from?.offset ?? 0, src_offset: values.offset, init };
  const { inner } = around(out.shape, s.dim);
  const extent = out.shape[s.dim]!;
  const aligned = !s.perElement || index.shape.every((d, i) => i === s.dim || d === out.shape[i]);
  const row = s.perElement ? index.shape[s.dim]! : count;
  // A walk over all sources costs size × row; sorting costs about a dozen launches.
  if (aligned && (row <= 8 || size * row <= 1 << 20)) {
    const at = packed(q, index);
    q.launch(
      accumulator("accumulate_direct", out.dtype, s, !from),
      { ...base, index: at },
      { size, extent, inner, count: row, index_offset: at.offset, ...offsets },
      size,
    );
    return;
  }
  const rows = s.perElement ? size : extent;
  const { keys, order } = sorted(
    q,
    index,
    s.perElement ? { ...contiguous(out.shape), dim: s.dim } : { shape: [extent], strides: [1], offset: 0, dim: 0 },
    rows,
  );
  const starts = q.scratch("int32", [rows + 1]);
  q.launch(kernel(source, "segment_starts"), { keys, starts_out: starts }, { rows, count }, rows + 1);
  const shape = s.perElement ? { extent: size, inner: 1, count } : { extent, inner, count };
  q.launch(accumulator("accumulate_segments", out.dtype, s, !from), { ...base, order, starts }, { size, ...shape, ...offsets }, size);
}

/** Sources in the order of their destinations, equal ones in the order in which they stand: a radix sort, 8 bits a pass. */
function sorted(q: Launcher, index: View, target: Geometry & { readonly dim: number }, rows: number): { keys: View; order: View } {
  const count = sizeOf(index.shape);
  const at = index.shape.length === target.shape.length ? index : { ...index, ...contiguous([count]), offset: index.offset };
  let keys = q.scratch("int32", [count]);
  let spareKeys = q.scratch("int32", [count]);
  let order = q.scratch("int32", [count]);
  let spareOrder = q.scratch("int32", [count]);
  walkIndex(q, "destinations", target, at, target.dim, { keys_out: keys }, "int32", rows);
  const run = 256 * Math.ceil(count / (1 << 22));
  const runs = Math.ceil(count / run);
  const counts = q.scratch("int32", [256 * runs]);
  const passes = Math.max(1, Math.ceil(Math.ceil(Math.log2(rows + 1)) / 8));
  const first = kernel(source, "digit_place", { fns: { source_of: body("source_itself", "source_of") } });
  for (let pass = 0; pass < passes; pass++) {
    const params = { count, run, runs, shift: 8 * pass };
    q.launch(kernel(source, "digit_count"), { keys, counts }, params, runs);
    q.launch(kernel(source, "scan"), { counts }, { size: 256 * runs, span: runs }, [1, 1, 1]);
    q.launch(
      pass === 0 ? first : kernel(source, "digit_place"),
      { keys, order, keys_out: spareKeys, order_out: spareOrder, counts },
      params,
      runs,
    );
    [keys, spareKeys, order, spareOrder] = [spareKeys, keys, spareOrder, order];
  }
  return { keys, order };
}

/** Errors: ShapeError-like message text for an index that does not fit beside x, undefined when it does. */
export function misfit(x: Shape, index: Shape, dim: number): string | undefined {
  const [own, given] = [x.length === 0 ? [1] : x, index.length === 0 ? [1] : index];
  if (own.length !== given.length) return `index ${show(index)} and operand ${show(x)} differ in the number of dimensions`;
  if (sizeOf(given) > 0 && given.some((d, i) => i !== dim && d > own[i]!))
    return `index ${show(index)} is larger than ${show(x)} outside of dimension ${dim}`;
  return undefined;
}
