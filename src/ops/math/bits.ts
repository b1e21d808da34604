// Operators on the bits of integers.
import pairs from "../../../shaders/pairs.wgsl?raw";
import { library } from "../../device/kernel.ts";
import * as m from "../../kernels/math.ts";
import { raises, t } from "../op.ts";
import { type Binary, binary, type Mapped, mapped, mismatch, truths, twoTruths } from "../pointwise.ts";
import type { Tensor } from "../tensor.ts";

library(pairs);

const bits = (shape: readonly number[]): unknown => t(shape, { dtype: "int32", low: -9, high: 9 });
const bytes = t([3], { dtype: "uint8", low: 0, high: 255 });
const bitwise = (int: string, cpu: (x: number, y: number) => number): Binary =>
  binary({ int }, cpu, [], "none", {
    samples: [[bits([3, 4]), bits([4])], [bits([5]), 6], truths, [bytes, bytes]],
    errors: [...mismatch, raises([t([2]), t([2])], "not defined for float")],
  });

/** Bits set in both integers; "and" of truth values. */
export const bitwiseAnd: Binary = bitwise("x & y", (x, y) => x & y);
/** Bits set in either integer; "or" of truth values. */
export const bitwiseOr: Binary = bitwise("x | y", (x, y) => x | y);
/** Bits set in exactly one of the integers. */
export const bitwiseXor: Binary = bitwise("x ^ y", (x, y) => x ^ y);

/** All bits inverted; "not" of truth values. */
export const bitwiseNot: Mapped<(x: Tensor) => Tensor> = mapped({
  wgsl: { int: "x ^ i32(p0)" },
  cpu: (x, _y, _z, ones) => x ^ ones,
  params: (_, dtype) => [dtype === "bool" ? 1 : -1],
  backward: "none",
  samples: [[bits([3, 4])], [twoTruths], [bytes]],
  errors: [raises([t([2])], "not defined for float")],
});

const few = (shape: readonly number[]): unknown => t(shape, { dtype: "int32", low: 0, high: 9 });
const shift = (int: string, cpu: (x: number, y: number) => number): Binary =>
  binary({ int, bool: false }, cpu, [], "none", {
    samples: [
      [bits([3, 4]), few([4])],
      [bits([5]), 6],
      [bytes, t([3], { dtype: "uint8", low: 0, high: 9 })],
    ],
    errors: [...mismatch, raises([t([2]), t([2])], "not defined for float")],
  });

/** x · 2ʸ of integers: bits that leave the word are lost. A negative y, or one of the word's size, moves all of them out. */
export const bitwiseLeftShift: Binary = shift("left_shift(x, y)", m.leftShift);
/** x / 2ʸ of integers, rounded down. A negative y, or one of the word's size, leaves the sign. */
export const bitwiseRightShift: Binary = shift("right_shift(x, y)", m.rightShift);
