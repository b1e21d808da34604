// Moving values between devices. Up to the GPU it happens at once; down from it only a read can, which is asynchronous.
import { noGrad } from "../autograd/mode.ts";
import { constantOf, type Device } from "../device/device.ts";
import { dense } from "../device/cpu.ts";
import { defaultDevice } from "./device.ts";
import type { DType } from "../base/dtype.ts";
import type { Tensor } from "./tensor.ts";

/** Where and as a tensor is. */
export interface Place {
  readonly storage: { readonly device: Device };
  readonly dtype: DType;
}

/** The elements in row-major order, when the host knows them without waiting; a repeated value stands for all of its like. */
export function knownValues(x: Tensor): (ArrayLike<number> & Iterable<number>) | undefined {
  const value = constantOf(x);
  return value !== undefined ? [value] : x.storage.device.type === "cpu" ? dense(x) : undefined;
}

/** The value of a one-element tensor, when the host knows it without waiting. */
export function knownValue(x: Tensor): number | undefined {
  return x.size === 1 ? knownValues(x)?.[0] : undefined;
}

/**
 * A new dense tensor with the values of x, on the device of another tensor and in its dtype; carries no graph. In place of a lost device it
 * is the default one. Errors: DeviceError for values that lie on the GPU and are wanted elsewhere.
 */
export const transferred = (x: Tensor, { storage, dtype }: Place): Tensor =>
  noGrad(() => {
    const moved = x.moved(storage.device.lost ? defaultDevice() : storage.device, dtype);
    return moved === x ? x.clone() : moved;
  });
