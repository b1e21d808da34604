// Where and in which dtype a layer makes its parameters.
import type { DTypeLike } from "../base/dtype.ts";
import type { DeviceLike } from "../tensor/device.ts";

/** Where a layer's parameters are made. */
export interface Factory {
  readonly device?: DeviceLike | undefined;
  readonly dtype?: DTypeLike | undefined;
}
export const factory = { device: undefined as DeviceLike | undefined, dtype: undefined as DTypeLike | undefined };
