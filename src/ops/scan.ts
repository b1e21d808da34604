// Running sums and products along a dimension, and the linear recurrence their gradients are made of.
import source from "../../shaders/scan.wgsl?raw";
import type { View } from "../backend/backend.ts";
import { dense, elements } from "../backend/cpu.ts";
import { kernel, type Launcher, wgslType } from "../backend/kernel.ts";
import { asDType, type DType, type DTypeLike, isFloat } from "../base/dtype.ts";
import { DtypeError, ShapeError, show } from "../base/errors.ts";
import { parse } from "../base/options.ts";
import { normalizeDim, sameShape, sizeOf } from "../base/shape.ts";
import type { Tensor } from "../tensor.ts";
import { type Backward, type Primitive, raises, t } from "./op.ts";
import { recast } from "./reduction.ts";

export interface Options {
  readonly dtype?: DTypeLike | undefined;
  /** Runs from the last element to the first. */
  readonly reverse?: boolean;
  /** Each result leaves its own element out. */
  readonly exclusive?: boolean;
}
type Rest = [dim: number, options?: Options] | [options: { readonly dim: number } & Options];
export interface Attrs {
  readonly dim: number;
  readonly dtype: DType | undefined;
  readonly reverse: boolean;
  readonly exclusive: boolean;
}
type Signature = (x: Tensor, ...rest: Rest) => Tensor;

/** [outer, length, inner] around `dim`; a 0-d tensor is one line of one element. */
const lines = (shape: readonly number[], dim: number): readonly [number, number, number] => [
  sizeOf(shape.slice(0, dim)),
  shape[dim] ?? 1,
  sizeOf(shape.slice(dim + 1)),
];

function scanLines(
  q: Launcher,
  x: View,
  out: View,
  [outer, length, inner]: readonly [number, number, number],
  roles: Record<string, string>,
  attrs: { reverse: boolean; exclusive: boolean },
): void {
  const rows = outer * inner;
  const accumulate = isFloat(x.dtype) && isFloat(out.dtype) ? "float32" : isFloat(out.dtype) ? "float32" : "int32";
  // Few long lines are cut so that there is work for everyone.
  const blocks = rows >= 256 || length < 512 ? 1 : Math.min(512, Math.ceil(length / 128));
  const chunk = Math.max(1, Math.ceil(length / blocks));
  const count = Math.max(1, Math.ceil(length / chunk));
  const flags = { rows, inner, length, chunk, blocks: count, reverse: Number(attrs.reverse), exclusive: Number(attrs.exclusive), delay: 0 };
  const aliases = { X: wgslType(x.dtype), A: wgslType(accumulate), Out: wgslType(out.dtype) };
  const make = (entry: string, own: Record<string, string>, types: typeof aliases): ReturnType<typeof kernel> =>
    kernel(source, entry, { aliases: types, fns: recast(source, own) });
  const { finish: _finish, ...lifting } = roles;
  if (count === 1) return q.launch(make("scan", roles, aliases), { x, out }, flags, rows);
  const totals = q.scratch(accumulate, [rows, count]);
  const carry = q.scratch(accumulate, [rows, count]);
  const own = { ...aliases, Out: aliases.A };
  q.launch(make("block_totals", lifting, own), { x, out: totals }, flags, rows * count);
  const { lift: _lift, ...plain } = lifting;
  // Blocks are numbered in the direction of the scan.
  const next = { ...flags, inner: 1, length: count, chunk: count, blocks: 1, reverse: 0, exclusive: 1 };
  q.launch(make("scan", plain, { ...own, X: aliases.A }), { x: totals, out: carry }, next, rows);
  q.launch(make("scan", { ...roles, carried: "carried_in" }, aliases), { x, carry, out }, flags, rows * count);
}

function cpuScan(x: View, out: View, attrs: Attrs, product: boolean): void {
  const [outer, length, inner] = lines(x.shape, attrs.dim);
  const from = dense(x);
  const to = elements(out);
  const whole = isFloat(x.dtype) && !isFloat(out.dtype) && out.dtype !== "bool";
  const integer = !isFloat(out.dtype);
  for (let o = 0; o < outer; o++)
    for (let k = 0; k < inner; k++) {
      let acc = product ? 1 : 0;
      for (let i = 0; i < length; i++) {
        const at = (o * length + (attrs.reverse ? length - 1 - i : i)) * inner + k;
        const v = whole ? Math.trunc(from[at]!) : out.dtype === "bool" ? Number(from[at] !== 0) : from[at]!;
        const next = product ? (integer ? Math.imul(acc, v) : acc * v) : acc + v;
        const value = attrs.exclusive ? acc : next;
        to[at] = out.dtype === "bool" ? Number(value !== 0) : value;
        acc = next;
      }
    }
}

function scanning<S extends "x" | "out">(
  name: string,
  product: boolean,
  save: readonly S[],
  backward: Backward<S, Attrs>,
): Primitive<Signature, S, Attrs> {
  return {
    call: (x, ...rest) => {
      const { dim, dtype, reverse, exclusive } = parse(
        name,
        rest,
        { dim: undefined as number | undefined },
        { dtype: undefined as DTypeLike | undefined, reverse: false, exclusive: false },
      );
      return {
        inputs: { x },
        attrs: { dim: normalizeDim(name, dim, x.ndim), dtype: dtype === undefined ? undefined : asDType(name, dtype), reverse, exclusive },
      };
    },
    meta: ({ x }, { dtype }) => ({ out: { shape: x!.shape, dtype: dtype ?? (isFloat(x!.dtype) ? x!.dtype : "int32") } }),
    cpu: ({ x, out }, attrs) => cpuScan(x!, out!, attrs, product),
    gpu: ({ x, out }, attrs, q) => {
      const roles: Record<string, string> = product ? { first: "first_one", join: "join_product" } : {};
      if (out!.dtype === "bool") Object.assign(roles, { lift: "lift_truth", finish: "finish_truth" });
      else if (isFloat(x!.dtype) && !isFloat(out!.dtype)) roles["lift"] = "lift_int";
      if (out!.dtype === "uint8") roles["finish"] = "finish_byte";
      scanLines(q, q.dense(x!), out!, lines(x!.shape, attrs.dim), roles, attrs);
    },
    save,
    backward,
    samples: [
      [t([3, 4]), 1], [t([3, 4]), -2, { reverse: true }], [t([2, 3, 2]), 1, { exclusive: true }], [t([5]), 0, { exclusive: true, reverse: true }],
      [t([]), 0], [t([0, 2]), 0], [t([2, 3], { dtype: "int32" }), 1], [t([4], { dtype: "bool", data: [1, 1, 0, 1] }), 0], [t([2, 600], { low: 0.98, high: 1.02 }), 1],
      [t([2, 4], { data: [2, 0, 3, 0, 1, 2, 0, -4] }), 1], [t([600, 2], { low: 0.98, high: 1.02 }), 0, { reverse: true }],
    ], // prettier-ignore
    errors: [raises([t([2]), 1], "out of range"), raises([t([2])], "out of range")],
  };
}

/** The running sum along a dimension; { reverse } runs from the end, { exclusive } leaves each element itself out. */
export const cumsum: Primitive<Signature, never, Attrs> = scanning<never>("cumsum", false, [], (g, _s, { dim, reverse, exclusive }) => ({
  x: () => g.cumsum(dim, { reverse: !reverse, exclusive }),
}));

/** The running product along a dimension, options as for cumsum; its gradient is right at zeros, to any order. */
export const cumprod: Primitive<Signature, "x" | "out", Attrs> = scanning(
  "cumprod",
  true,
  ["x", "out"],
  (g, { x, out }, { dim, reverse, exclusive }) => ({
    x: () => {
      if (x.ndim === 0) return exclusive ? g.filledLike(0) : g;
      const before = exclusive ? out : x.cumprod(dim, { reverse, exclusive: true });
      const after = x.linearRecurrence(g, dim, { reverse: !reverse, delay: exclusive ? 0 : 1 });
      return before.mul(exclusive ? shifted(after, dim, !reverse) : after);
    },
  }),
);

/** x moved one place along `dim`, to higher positions unless `back`; a zero moves in. */
function shifted(x: Tensor, dim: number, back: boolean): Tensor {
  const n = x.shape[dim]!;
  if (n === 0) return x;
  const sides = new Array<number>(2 * (x.ndim - dim)).fill(0);
  sides[sides.length - (back ? 1 : 2)] = 1;
  return x.narrow(dim, back ? 1 : 0, n - 1).pad(sides);
}

export interface Recurrence {
  readonly dim: number;
  readonly reverse: boolean;
  readonly delay: number;
}

/** h[i] = b[i] + x[i − delay] · h[i − 1] along a dimension, h starting at 0; { reverse } counts from the end. Delay is 0 or 1. */
export const linearRecurrence: Primitive<
  (x: Tensor, b: Tensor, dim: number, options?: { readonly reverse?: boolean; readonly delay?: number }) => Tensor,
  "x" | "out",
  Recurrence
> = {
  call: (x, b, ...rest) => {
    const { dim, reverse, delay } = parse("linearRecurrence", rest, { dim: undefined as number | undefined }, { reverse: false, delay: 0 });
    if (delay !== 0 && delay !== 1) throw new ShapeError("linearRecurrence", `delay must be 0 or 1, got ${String(delay)}`);
    return { inputs: { x, b }, attrs: { dim: normalizeDim("linearRecurrence", dim, x.ndim), reverse, delay } };
  },
  meta: ({ x, b }) => {
    if (!sameShape(x!.shape, b!.shape))
      throw new ShapeError("linearRecurrence", `x ${show(x!.shape)} and b ${show(b!.shape)} must have the same shape`);
    if (!isFloat(x!.dtype) || x!.dtype !== b!.dtype)
      throw new DtypeError("linearRecurrence", `x and b must share a floating dtype, got ${x!.dtype} and ${b!.dtype}`);
    return { out: { shape: x!.shape, dtype: x!.dtype } };
  },
  cpu: ({ x, b, out }, { dim, reverse, delay }) => {
    const [outer, length, inner] = lines(x!.shape, dim);
    const [factors, terms, to] = [dense(x!), dense(b!), elements(out!)];
    const step = reverse ? -inner : inner;
    for (let o = 0; o < outer; o++)
      for (let k = 0; k < inner; k++) {
        let h = 0;
        for (let i = 0, at = (o * length + (reverse ? length - 1 : 0)) * inner + k; i < length; i++, at += step) {
          if (i > 0) h *= factors[at - delay * step]!;
          h += terms[at]!;
          to[at] = h;
        }
      }
  },
  gpu: ({ x, b, out }, { dim, reverse, delay }, q) => {
    const [outer, length, inner] = lines(x!.shape, dim);
    const flags = { rows: outer * inner, inner, length, chunk: length, blocks: 1, reverse: Number(reverse), exclusive: 0, delay };
    q.launch(kernel(source, "linear_recurrence"), { x: q.dense(x!), b: q.dense(b!), out: out! }, flags, flags.rows);
  },
  save: ["x", "out"],
  backward: (g, { x, out }, { dim, reverse, delay }) => {
    let adjoint: Tensor | undefined;
    const lambda = (): Tensor => (adjoint ??= x.linearRecurrence(g, dim, { reverse: !reverse, delay: 1 - delay }));
    const still = x.ndim === 0;
    return {
      x: () =>
        still ? g.filledLike(0) : delay === 0 ? lambda().mul(shifted(out, dim, reverse)) : shifted(lambda(), dim, !reverse).mul(out),
      b: () => (still ? g : lambda()),
    };
  },
  samples: [
    [t([3, 4]), t([3, 4]), 1],
    [t([2, 3, 2]), t([2, 3, 2]), 1, { reverse: true }],
    [t([5]), t([5]), 0, { delay: 1 }],
    [t([3, 4]), t([3, 4]), 0, { delay: 1, reverse: true }],
  ],
  errors: [raises([t([2]), t([3]), 0], "same shape"), raises([t([2]), t([2]), 0, { delay: 2 }], "delay")],
};
