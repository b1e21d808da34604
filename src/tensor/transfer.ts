// Moving values between devices. Up to the GPU it happens at once; down from it only a read can, which is asynchronous.
import { noGrad } from "../autograd/mode.ts";
import { asDType, type DType, type DTypeLike } from "../base/dtype.ts";
import { parse } from "../base/options.ts";
import { dense } from "../device/cpu.ts";
import { constantOf, type Device, type DeviceLike } from "../device/device.ts";
import { isTensor } from "../ops/arguments.ts";
import type { Tensor, ToOptions } from "../ops/tensor.ts";
import { defaultDevice, deviceNamed, isDevice } from "./device.ts";

/** Where and as a tensor is. */
export interface Place {
  readonly storage: { readonly device: Device };
  readonly dtype: DType;
}

/** What `to` is asked for: a dtype, a device, both, or the like of another tensor. Errors: ArgumentError, DtypeError. */
export function destination(
  x: Tensor,
  target: DTypeLike | DeviceLike | Tensor | ToOptions,
  options: ToOptions | undefined,
): { readonly device: Device; readonly dtype: DType; readonly copy: boolean } {
  const given = isTensor(target)
    ? { dtype: target.dtype, device: target.device.type }
    : isDevice(target)
      ? { device: target }
      : typeof target === "string"
        ? { [target === "cpu" || target === "webgpu" ? "device" : "dtype"]: target }
        : target;
  const defaults = { dtype: x.dtype as DTypeLike, device: x.device as DeviceLike, copy: false };
  const { dtype, device, copy } = parse([{ ...given, ...options }], {}, defaults);
  return { device: deviceNamed(device), dtype: asDType(dtype), copy };
}

/** The elements in row-major order, when the host knows them without waiting; a repeated value stands for all of its like. */
export function knownValues(x: Tensor): (ArrayLike<number> & Iterable<number>) | undefined {
  const value = constantOf(x);
  return value !== undefined ? [value] : x.storage.device.type === "cpu" ? dense(x) : undefined;
}

/** The value of a one-element tensor, when the host knows it without waiting. */
export function knownValue(x: Tensor): number | undefined {
  return x.numel() === 1 ? knownValues(x)?.[0] : undefined;
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
