// Windows: weights that fade a stretch of a signal in and out. A periodic one is that of a symmetric one more, without its last weight.
import { asDType } from "../base/dtype.ts";
import { checkFloat } from "../base/checks.ts";
import { ArgumentError } from "../base/errors.ts";
import { parse } from "../base/options.ts";
import { entry } from "../base/reading.ts";
import { i0 } from "../kernels/bessel.ts";
import { computed, createDefaults, type CreateOptions } from "./create.ts";
import type { Tensor } from "./tensor.ts";

interface WindowOptions extends CreateOptions {
  readonly periodic?: boolean;
}
type WindowRest = [periodic?: boolean] | [periodic: boolean, options: CreateOptions] | [options: WindowOptions];

/** The weights w(t) for t from 0 to 1. Errors: ArgumentError for a length that is no whole number, DtypeError for a dtype that is not floating. */
function window(length: number, o: typeof createDefaults, periodic: boolean, w: (t: number) => number): Tensor {
  if (!Number.isInteger(length) || length < 0) throw new ArgumentError(`windowLength must be a whole number, got ${length}`);
  const dtype = asDType(o.dtype ?? "float32");
  checkFloat(dtype, "leave dtype out");
  const last = length - Number(!periodic);
  return computed([length], dtype, o, (i) => (length === 1 ? 1 : w(i / last)));
}

const plain = (length: number, rest: WindowRest, w: (t: number) => number): Tensor => {
  const { periodic, ...o } = parse(rest, { periodic: true }, createDefaults);
  return window(length, o, periodic, w);
};
const turn = (t: number): number => Math.cos(2 * Math.PI * t);

/**
 * Bartlett's window, a triangle.
 * @example await bartlettWindow(4).tolist(); // → [0, 0.5, 1, 0.5]
 */
export function bartlettWindow(windowLength: number, ...rest: WindowRest): Tensor {
  return entry("bartlettWindow", arguments, Infinity, () => plain(windowLength, rest, (t) => 1 - Math.abs(2 * t - 1)));
}

/**
 * Blackman's window, of three cosines.
 * @example await blackmanWindow(3, false).tolist(); // → [0, 1, 0]
 */
export function blackmanWindow(windowLength: number, ...rest: WindowRest): Tensor {
  return entry("blackmanWindow", arguments, Infinity, () => plain(windowLength, rest, (t) => 0.42 - 0.5 * turn(t) + 0.08 * turn(2 * t)));
}

/**
 * Hann's window, one wave of a cosine.
 * @example await hannWindow(4).tolist(); // → [0, 0.5, 1, 0.5]
 */
export function hannWindow(windowLength: number, ...rest: WindowRest): Tensor {
  return entry("hannWindow", arguments, Infinity, () => plain(windowLength, rest, (t) => (1 - turn(t)) / 2));
}

/**
 * Hamming's window, alpha − beta · cos: a wave that does not reach 0.
 * @example await hammingWindow(4, { alpha: 0.75, beta: 0.25 }).tolist(); // → [0.5, 0.75, 1, 0.75]
 */
export function hammingWindow(
  windowLength: number,
  ...rest:
    | [periodic?: boolean, alpha?: number, beta?: number]
    | [periodic: boolean, alpha: number, beta: number, options: CreateOptions]
    | [periodic: boolean, alpha: number, options: CreateOptions & { beta?: number }]
    | [periodic: boolean, options: CreateOptions & { alpha?: number; beta?: number }]
    | [options: WindowOptions & { alpha?: number; beta?: number }]
): Tensor {
  return entry("hammingWindow", arguments, Infinity, () => {
    const { periodic, alpha, beta, ...o } = parse(rest, { periodic: true, alpha: 0.54, beta: 0.46 }, createDefaults);
    return window(windowLength, o, periodic, (t) => alpha - beta * turn(t));
  });
}

/**
 * Kaiser's window: Bessel's I₀ over a half circle of height beta.
 * @example await kaiserWindow(3, false, 0).tolist(); // → [1, 1, 1]
 */
export function kaiserWindow(
  windowLength: number,
  ...rest:
    | [periodic?: boolean, beta?: number]
    | [periodic: boolean, beta: number, options: CreateOptions]
    | [periodic: boolean, options: CreateOptions & { beta?: number }]
    | [options: WindowOptions & { beta?: number }]
): Tensor {
  return entry("kaiserWindow", arguments, Infinity, () => {
    const { periodic, beta, ...o } = parse(rest, { periodic: true, beta: 12 }, createDefaults);
    return window(windowLength, o, periodic, (t) => i0(beta * Math.sqrt(Math.max(0, 4 * t * (1 - t)))) / i0(beta));
  });
}
