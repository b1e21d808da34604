// The dimension of channels, which classes are too: 1, but 0 where there is no other.
import type { Shape } from "../base/shape.ts";
import type { Tensor } from "./tensor.ts";

export const channelDim = (shape: Shape): number => (shape.length === 1 ? 0 : 1);

/** The numbers v of every channel, to broadcast against x. */
export const perChannel = (v: Tensor, { shape }: Tensor): Tensor => v.reshape(shape.map((_, d) => (d === channelDim(shape) ? -1 : 1)));
