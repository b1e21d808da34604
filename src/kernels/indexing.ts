// Reading and writing at indices on both devices: the machinery behind gather, scatter, index and embedding operators.
// An index has one element for every element read or written; strides of 0 let it name whole slices.
import shader from "../../shaders/indexing.wgsl?raw";
import { inRange, wrapped } from "../base/checks.ts";
import { isFloat } from "../base/dtype.ts";
import { coalesce, contiguous, forEachOffset, type Geometry, type Shape, sizeOf } from "../base/shape.ts";
import { launchPairs } from "../device/copying.ts";
import { dense, elements } from "../device/cpu.ts";
import { constantOf, type Io, uploadedOf, type View } from "../device/device.ts";
import { bitsOf, kernel, type Launcher, wgslType } from "../device/kernel.ts";
import { eachRow, startFrom } from "./copy.ts";
import { orderOfWords } from "./sort.ts";

/** The dimension that indices are of. */
export interface Along {
  readonly dim: number;
}
export interface Writes extends Along {
  /** What sources do to what stands at their place. */
  readonly fold: keyof typeof folds;
}

/** The elements of an index tensor or a mask where the host can see them without waiting, row-major. */
export function visible(x: View): ArrayLike<number> | undefined {
  const { device, constant } = x.storage;
  if (constant !== undefined) return new Array<number>(sizeOf(x.shape)).fill(constant);
  if (device.type === "cpu") return dense(x);
  const uploaded = uploadedOf(x);
  if (!uploaded) return undefined;
  const seen: number[] = [];
  forEachOffset([x], ([o]) => seen.push(uploaded[o!]!));
  return seen;
}

/** Range check for indices that the host sees (on the GPU others read NaN or 0, or drop the write); what a stride of 0 repeats is looked at once. With `wrap` negative ones count from the end. */
export function checkVisible(index: View, dim: number, size: number, wrap = false): void {
  const once = { ...index, shape: index.shape.map((d, i) => (index.strides[i] === 0 ? Math.min(1, d) : d)) };
  const seen = visible(once) ?? [];
  for (let i = 0; i < seen.length; i++) (wrap ? wrapped : inRange)(seen[i]!, dim, size);
}

/** Geometry that walks the index shape through x, standing still along `dim`. */
const besides = (x: Geometry, shape: Shape, dim: number): Geometry => ({
  shape,
  strides: shape.map((_, d) => (d === dim ? 0 : x.strides[d]!)),
  offset: x.offset,
});

/** Size and stride of a dimension; a 0-d tensor counts as one with a single dimension of size 1. */
const along = (x: Geometry, dim: number): readonly [size: number, stride: number] => [x.shape[dim] ?? 1, x.strides[dim] ?? 0];

/** Launches the gather kernel; KEYS among `consts` makes it tell places in x instead of elements. */
function launchGather(
  q: Launcher,
  x: Geometry,
  index: View,
  dim: number,
  bind: Record<string, View>,
  consts: Record<string, number>,
): void {
  const [extent, stride] = along(x, dim);
  const [own, walk] = coalesce([index, besides(x, index.shape, dim)]) as [Geometry, Geometry];
  const last = own.shape.length - 1;
  // Whole slices move four elements at a time.
  const outer = walk.strides.slice(0, -1);
  const fours =
    !consts["KEYS"] &&
    own.strides[last] === 0 &&
    walk.strides[last] === 1 &&
    [own.shape[last]!, stride, walk.offset, ...outer].every((n) => n % 4 === 0);
  if (!fours) return launchPairs(q, "gather", { ...bind, index }, [own, walk], consts, { stride, extent });
  const shape = own.shape.with(last, own.shape[last]! / 4);
  const quarter = { shape, strides: [...outer.map((s) => s / 4), 1], offset: walk.offset / 4 };
  const spec = { ...consts, Word: "vec4<u32>" };
  launchPairs(q, "gather", { ...bind, index }, [{ ...own, shape }, quarter], spec, { stride: stride / 4, extent });
}

/** out[…, j, …] = x[…, index[…, j, …], …], in the shape of index. */
export const gathering = {
  cpu: ({ x, index, out }: Io<"x" | "index">, { dim }: Along): void => {
    const [from, at, to] = [elements(x), elements(index), elements(out)];
    const [extent, stride] = along(x, dim);
    const { shape } = index;
    eachRow([contiguous(shape), besides(x, shape, dim), index], ([o, b, i], width, [, sb, si]) => {
      if (si === 0 && sb === 1) {
        const start = b! + inRange(at[i!]!, dim, extent) * stride;
        to.set(from.subarray(start, start + width), o);
      } else for (let c = 0; c < width; c++) to[o! + c] = from[b! + c * sb! + inRange(at[i! + c * si!]!, dim, extent) * stride]!;
    });
  },
  gpu: ({ x, index, out }: Io<"x" | "index">, { dim }: Along, q: Launcher): void => {
    checkVisible(index, dim, along(x, dim)[0]);
    launchGather(q, x, index, dim, { x, out }, { MISSING: x.dtype === "float32" ? 0x7fc00000 : 0 });
  },
};

const folds = {
  added: { cpu: (v: number, source: number): number => v + source, float: "fold", int: "fold" },
  last: { cpu: (_: number, source: number): number => source, float: "fold_last", int: "fold_last" },
  product: { cpu: (v: number, source: number): number => v * source, float: "fold_product", int: "fold_product" },
  larger: { cpu: Math.max, float: "fold_larger_float", int: "fold_larger" },
  smaller: { cpu: Math.min, float: "fold_smaller_float", int: "fold_smaller" },
} as const;

const finish: Readonly<Record<string, string>> = { uint8: "finish_byte", bool: "finish_truth" };

/** out = x; then src is folded into out[…, index, …], in the order in which sources stand. */
export const scattering = {
  cpu: ({ x, index, src, out }: Io<"x" | "index" | "src">, { dim, fold: asked }: Writes): void => {
    // Of truth values 256 do not add up to none.
    const kind = asked === "added" && out.dtype === "bool" ? "larger" : asked;
    // Gradients add, and call nothing for it.
    const adds = kind === "added";
    const fold = kind === "product" && !isFloat(out.dtype) ? Math.imul : folds[kind].cpu;
    const [at, from, to] = [elements(index), elements(src), elements(out)];
    startFrom.cpu(x, out);
    const [extent, stride] = along(out, dim);
    eachRow([besides(out, index.shape, dim), index, src], ([b, i, s], width, [sb, si, ss]) => {
      let start = 0;
      for (let c = 0; c < width; c++) {
        // A whole slice has one index.
        if (c === 0 || si !== 0) start = inRange(at[i! + c * si!]!, dim, extent) * stride;
        const o = b! + c * sb! + start;
        const source = from[s! + c * ss!]!;
        to[o] = adds ? to[o]! + source : fold(to[o]!, source);
      }
    });
    if (out.dtype === "bool") for (let i = 0; i < to.length; i++) to[i] = Number(to[i] !== 0);
  },
  gpu: ({ x, index, src, out }: Io<"x" | "index" | "src">, { dim, fold }: Writes, q: Launcher): void => {
    const { shape } = out;
    const [extent] = along(out, dim);
    checkVisible(index, dim, extent);
    const size = sizeOf(shape);
    if (sizeOf(index.shape) === 0) return startFrom.gpu(x, out, q);
    const constant = constantOf(x);
    const [row, step] = along(index, dim);
    const aligned = index.shape.every((d, i) => i === dim || d === shape[i]);
    // One index for a whole slice, or one for each element.
    const sliced = aligned && index.strides.every((s, i) => i === dim || s === 0 || index.shape[i] === 1);
    const at = q.dense(sliced ? { ...index, shape: [row], strides: [step] } : index);
    // A walk over all sources costs size × row; sorting costs about half a dozen launches.
    const sorted = !(aligned && (row <= 8 || size * row <= 1 << 20));
    const source = q.dense(src);
    q.launch(
      kernel(shader, "accumulate", {
        SORTED: sorted,
        SLICED: sliced,
        CONSTANT: constant !== undefined,
        Scalar: wgslType(out.dtype),
        fold: folds[fold][isFloat(out.dtype) ? "float" : "int"],
        finish: finish[out.dtype] ?? "finish",
      }),
      {
        x: constant === undefined ? q.dense(x) : source,
        src: source,
        out,
        index: at,
        ...(sorted ? sort(q, at, contiguous(sliced ? [extent] : shape), sliced ? 0 : dim) : { order: at, starts: at }),
      },
      {
        size,
        // In their order, sources of single elements are one long row.
        ...(sorted && !sliced
          ? { extent: size, inner: 1, count: sizeOf(index.shape) }
          : { extent, inner: sizeOf(shape.slice(dim + 1)), count: row }),
        init: bitsOf(out.dtype, constant ?? 0),
      },
      size,
    );
  },
};

/** The numbers of the sources in the order of their destinations in `target`, equal ones as they stand, and where each destination's begin. */
function sort(q: Launcher, index: View, target: Geometry, dim: number): { order: View; starts: View } {
  const [rows, count] = [sizeOf(target.shape), sizeOf(index.shape)];
  const [keys, starts] = [q.scratch("int32", [count]), q.scratch("int32", [rows + 1])];
  // A bad index sorts behind all destinations.
  launchGather(q, target, index, dim, { x: index, out: keys }, { KEYS: 1, MISSING: 0xffffffff });
  const order = orderOfWords(q, keys, 32 - Math.clz32(rows));
  q.launch(kernel(shader, "segment_starts"), { keys, order, starts_out: starts }, { rows, count }, rows + 1);
  return { order, starts };
}
