// Moving values between devices. Up to the GPU it happens at once; down from it only a read can, which is asynchronous.
import { noGrad } from "../autograd/mode.ts";
import type { DType, DTypeLike } from "../base/dtype.ts";
import { ArgumentError } from "../base/errors.ts";
import { parse } from "../base/options.ts";
import { dense } from "../device/cpu.ts";
import { constantOf, type Device, type DeviceLike } from "../device/device.ts";
import { isTensor } from "../ops/arguments.ts";
import type { Tensor } from "../ops/tensor.ts";
import { defaultDevice, isDevice } from "./device.ts";

/** Where and as a tensor is. */
export interface Place {
  readonly storage: { readonly device: Device };
  readonly dtype: DType;
}

interface Wanted {
  readonly dtype: DTypeLike | undefined;
  readonly device: DeviceLike | undefined;
}

/**
 * What `to` of a tensor or a model is asked for, over defaults: a dtype, a device and then a dtype, or the like of a tensor, each with options
 * behind it, or options alone. Errors: ArgumentError.
 */
export function wanted<W extends Wanted>(target: unknown, rest: readonly unknown[], defaults: W): W {
  if (isTensor(target)) return parse(rest, {}, { ...defaults, dtype: target.dtype, device: target.device.type });
  const place = isDevice(target) ? target.type : target;
  if (typeof place === "string" && /^(cuda|mps)\b/.test(place))
    throw new ArgumentError(`there is no device ${place}`, '"webgpu", or await init() once, which makes it the one in use');
  const { dtype, device, ...others } = defaults;
  const byPosition = place === "cpu" || place === "webgpu" ? { device, dtype } : typeof place === "string" ? { dtype } : {};
  return parse([place, ...rest], byPosition, { dtype, device, ...others }) as unknown as W;
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
