// Moving values between devices. Up to the GPU it happens at once; down from it only a read can, which is asynchronous.
import { noGrad } from "./autograd/mode.ts";
import { constantOf, type Device } from "./backend/backend.ts";
import { dense } from "./backend/cpu.ts";
import type { DType } from "./base/dtype.ts";
import type { Tensor } from "./tensor.ts";

/** Where and as a tensor is. */
export interface Place {
  readonly storage: { readonly device: Device };
  readonly dtype: DType;
}

/** The value of a one-element tensor, when the host knows it without waiting. */
export function knownValue(x: Tensor): number | undefined {
  if (x.size !== 1) return undefined;
  return constantOf(x) ?? (x.storage.device.type === "cpu" ? dense(x)[0] : undefined);
}

/**
 * A new dense tensor with the values of x, on the device of another tensor and in its dtype; carries no graph.
 * Errors: DeviceError for values that lie on the GPU and are wanted elsewhere.
 */
export const transferred = (x: Tensor, { storage, dtype }: Place): Tensor =>
  noGrad(() => {
    const moved = x.moved(storage.device, dtype);
    return moved === x ? x.clone() : moved;
  });
