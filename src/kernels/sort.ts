// The order of the elements of lines: the kernels of shaders/sort.wgsl and their twin.
import source from "../../shaders/sort.wgsl?raw";
import { sizeOf } from "../base/shape.ts";
import { elements, hostDense } from "../device/cpu.ts";
import type { Io, View } from "../device/device.ts";
import { kernel, type Launcher, type Specialisation } from "../device/kernel.ts";
import { eachLine, type Lines, linesOf } from "./rows.ts";

export interface Order {
  readonly dim: number;
  /** How many places are wanted. */
  readonly count: number;
  readonly descending: boolean;
}

// ---- CPU ----------------------------------------------------------------------------------------------------------

/** Merges neighbouring runs of `from`, `width` long, into `to`; what is on the left goes first unless the right comes strictly before it. */
function mergeRuns(from: Int32Array, to: Int32Array, width: number, earlier: (a: number, b: number) => boolean): void {
  const n = from.length;
  for (let start = 0; start < n; start += 2 * width) {
    const middle = Math.min(n, start + width);
    const end = Math.min(n, start + 2 * width);
    let left = start;
    let right = middle;
    for (let k = start; k < end; k++)
      to[k] = right >= end || (left < middle && !earlier(from[right]!, from[left]!)) ? from[left++]! : from[right++]!;
  }
}

function cpuOrder({ x, out }: Io<"x">, { dim, count, descending }: Order): void {
  const view = hostDense(x);
  const [data, to] = [elements(view), elements(out)];
  const lines = linesOf(x.shape, dim);
  const { length, inner } = lines;
  const line = new Float64Array(length);
  // NaN is the largest.
  const less = (v: number, w: number): boolean => v < w || (w !== w && v === v);
  const earlier = descending
    ? (a: number, b: number): boolean => less(line[b]!, line[a]!)
    : (a: number, b: number): boolean => less(line[a]!, line[b]!);
  eachLine(lines, (start, number) => {
    for (let i = 0; i < length; i++) line[i] = data[view.offset + start + i * inner]!;
    let places = Int32Array.from(line, (_, i) => i);
    let spare = new Int32Array(length);
    for (let width = 1; width < length; width *= 2) {
      mergeRuns(places, spare, width, earlier);
      [places, spare] = [spare, places];
    }
    const at = Math.floor(number / inner) * count * inner + (number % inner);
    for (let i = 0; i < count; i++) to[at + i * inner] = places[i]!;
  });
}

// ---- GPU ----------------------------------------------------------------------------------------------------------

/** How keys are made of elements, and how many of their bits differ. */
interface Keys {
  readonly bits: number;
  readonly spec: Specialisation;
}
const words = (bits: number): Keys => ({ bits, spec: { Scalar: "u32", key_of: "key_of_word" } });
const keysOf: Readonly<Record<string, Keys>> = {
  float32: { bits: 32, spec: { Scalar: "f32" } },
  int32: { bits: 32, spec: { Scalar: "i32", key_of: "key_of_int" } },
  uint8: words(8),
  bool: words(1),
};

/** Pairs that a workgroup sorts in its memory: the smaller tile wherever lines fit into it. */
const tiles = [256, 1024] as const;
/** Pairs that an invocation holds while it looks for the first ones, as many as are wanted at most. */
const holds = [16, 128] as const;

const atLeast = (sizes: readonly number[], n: number): number | undefined => sizes.find((size) => size >= n);

/** Writes the first places of the lines of a dense x to `out`. */
function order(
  q: Launcher,
  x: View,
  out: View,
  { outer, length, inner }: Lines,
  { bits, spec: key }: Keys,
  { count, descending }: Omit<Order, "dim">,
): void {
  const lines = outer * inner;
  if (lines * count === 0) return;
  const params = { lines, inner, wanted: count, flip: descending ? 2 ** bits - 1 : 0 };
  let size = length;
  let pairs: View | undefined;
  /** Reads x, or the pairs that there are by now. */
  const launch = (entry: string, spec: Specialisation, bind: Record<string, View>, more: Record<string, number>, grid: number): void => {
    const reads = pairs ? spec : { ...spec, ...key, start_of: "start_of_x", pair_at: "pair_of_x" };
    q.launch(kernel(source, entry, reads), { x, pairs: pairs ?? x, out, ...bind }, { ...params, length: size, ...more }, grid);
  };
  const fresh = (n: number): View => q.scratch("int32", [lines, n, 2]);
  const slow = q.traits.barriersAreSlow;

  // Few out of many: every run hands on its first ones, until few are left.
  const hold = atLeast(holds, count);
  while (hold && size > (slow ? 4 * count : tiles[1])) {
    const runs = Math.max(1, Math.min(Math.ceil((slow ? 128 : 16384) / lines), Math.floor(size / (8 * count))));
    const found = fresh(runs * count);
    launch("first_of_runs", { HELD: hold, WG: slow ? 16 : 64 }, { pairs_out: found }, { runs }, lines * runs);
    [pairs, size] = [found, runs * count];
  }
  const tile = atLeast(tiles, size);
  if (tile && !slow) {
    const padded = 2 ** Math.ceil(Math.log2(size));
    const WG = tile / 4;
    return launch("sort_tile", { TILE: tile, WG }, {}, { padded }, Math.ceil((lines * padded) / tile) * WG);
  }
  // One by one while there are enough of them for everyone, and what runs handed on, whose places are in no order.
  if (tile && (pairs || lines >= 16 || tile === tiles[0])) return launch("sort_line", { WG: 16 }, { pairs_out: fresh(size) }, {}, lines);

  // Digit by digit, from the lowest on.
  const spec = slow ? { WG: 16, BITS: 8 } : { WG: 64, BITS: 4 };
  const { WG, BITS } = spec;
  const runs = Math.ceil(size / (slow ? 4096 : 1024));
  const items = Math.ceil(size / (runs * WG));
  const counts = q.scratch("int32", [lines, 2 ** BITS, runs]);
  let spare: View | undefined;
  for (let shift = 0; shift < bits; shift += BITS) {
    const at = { runs, items, shift };
    launch("count_digits", spec, { counts }, at, lines * runs * WG);
    launch("digit_starts", { BITS }, { counts }, at, lines * 256);
    const last = shift + BITS >= bits;
    const to = last ? out : (spare ?? fresh(size));
    launch("place_digits", { ...spec, ...(last && { deliver: "deliver_place" }) }, { counts, pairs_out: to }, at, lines * runs * WG);
    [pairs, spare] = [to, pairs];
  }
}

/** The places of unsigned numbers in order, by so many of their lowest bits, equal ones as they stand. */
export function orderOfWords(q: Launcher, x: View, bits: number): View {
  const count = sizeOf(x.shape);
  const out = q.scratch("int32", [count]);
  order(q, x, out, { outer: 1, length: count, inner: 1 }, words(bits), { count, descending: false });
  return out;
}

/** The places of the first elements of every line in their order, a NaN behind all others, equal ones as they stand. */
export const ordering = {
  cpu: cpuOrder,
  gpu: ({ x, out }: Io<"x">, { dim, ...how }: Order, q: Launcher): void =>
    order(q, q.dense(x), out, linesOf(x.shape, dim), keysOf[x.dtype]!, how),
};
