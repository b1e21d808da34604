// Moving values between devices. Up to the GPU it happens at once; down from it only a read can, which is asynchronous.
import { noGrad } from "./autograd/mode.ts";
import { constantOf, type Device, Storage } from "./backend/backend.ts";
import { dense } from "./backend/cpu.ts";
import { type DType, hostArray, roundTo, type TypedArray } from "./base/dtype.ts";
import { DeviceError } from "./base/errors.ts";
import { contiguous } from "./base/shape.ts";
import { functions } from "./methods.ts";
import { Tensor } from "./tensor.ts";

export interface Place {
  readonly device: Device;
  readonly dtype: DType;
}

/** The value of a one-element tensor, when the host knows it without waiting. */
export function knownValue(x: Tensor): number | undefined {
  if (x.size !== 1) return undefined;
  return constantOf(x) ?? (x.storage.device.type === "cpu" ? dense(x)[0] : undefined);
}

/** Host numbers as elements of `dtype`. */
function converted(data: TypedArray, from: DType, to: DType): TypedArray {
  if (from === to) return data;
  const out = hostArray(to, data.length);
  for (let i = 0; i < data.length; i++) out[i] = roundTo(to, data[i]!);
  return out;
}

const uploaded = (data: TypedArray, from: DType, shape: readonly number[], { device, dtype }: Place): Tensor =>
  new Tensor(new Storage(device, dtype, data.length, device.upload(dtype, converted(data, from, dtype))), dtype, contiguous(shape));

/**
 * A new dense tensor with the values of x, on another device or in another dtype; carries no graph.
 * Errors: DeviceError for values that lie on the GPU and are wanted elsewhere.
 */
export function transferred(op: string, x: Tensor, place: Place): Tensor {
  const { device } = x.storage;
  const constant = constantOf(x);
  if (constant !== undefined) return Tensor.constant(place.device, roundTo(place.dtype, constant), place.dtype, x.shape);
  if (device === place.device)
    return x.dtype === place.dtype ? noGrad(() => functions.clone(x)) : noGrad(() => functions.cast(x, place.dtype));
  if (device.type !== "cpu")
    throw new DeviceError(op, `the values are on ${device.type} and can only be read from there asynchronously`, "await cpu() first");
  // A single number stays known to the host, so that counters can be read without waiting.
  if (x.size === 1) return Tensor.constant(place.device, roundTo(place.dtype, dense(x)[0]!), place.dtype, x.shape);
  return uploaded(dense(x), x.dtype, x.shape, place);
}

/** The same from any device. */
export async function fetched(x: Tensor, place: Place): Promise<Tensor> {
  if (x.storage.device === place.device || x.storage.device.type === "cpu" || constantOf(x) !== undefined)
    return transferred("fetch", x, place);
  return uploaded(await x.data(), x.dtype, x.shape, place);
}
