// What the library's own floors, from this one up, see of a tensor besides.
import type { DType, TypedArray } from "../base/dtype.ts";
import type { Storage } from "../device/device.ts";
import type { Tensor } from "./tensor.ts";

/** Its memory and life, and tensors made like it. */
export interface Inside {
  /** Memory, shared with views. */
  readonly storage: Storage;
  /** Whether this is all of its storage, in order. */
  readonly whole: boolean;
  /** Errors: DeviceError after dispose(), or the end of the tidy() that made this handle and did not return it. */
  checkLive(op?: string): void;
  /** Errors: ArgumentError for a tensor that overlaps itself, GradError when writing here would break a recorded gradient. */
  checkInPlace(): void;
  /** A constant tensor of this dtype and device, in this shape or the given one. */
  filledLike(value: number, shape?: readonly number[]): Tensor;
  /** A tensor of host data on this device. */
  uploadedLike(dtype: DType, data: TypedArray, shape: readonly number[]): Tensor;
}

declare module "./tensor.ts" {
  /** @internal */
  interface Tensor extends Inside {}
}
