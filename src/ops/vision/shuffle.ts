// Elements moved between channels and space.
import { ShapeError, show } from "../../base/errors.ts";
import { sizeOf } from "../../base/shape.ts";
import { checkRank, integer } from "../arguments.ts";
import { type Composite, raises, t } from "../op.ts";
import type { Tensor } from "../tensor.ts";

/** A size of `shape` in so many parts. Errors: ShapeError unless it comes out even. */
function parted(shape: readonly number[], dim: number, parts: number): number {
  const size = shape.at(dim)!;
  if (size % parts !== 0) throw new ShapeError(`dimension ${dim} of ${show(shape)} does not divide into ${parts}`);
  return size / parts;
}

/** Channels as finer pixels. Shape: [*, C · r², H, W] → [*, C, H · r, W · r]. */
export const pixelShuffle: Composite<(x: Tensor, upscaleFactor: number) => Tensor> = {
  compose: (x, upscaleFactor) => {
    const { shape } = x;
    checkRank(shape, 3);
    const r = integer(upscaleFactor, "upscaleFactor", 1);
    const [height, width] = shape.slice(-2) as [number, number];
    const [lead, channels] = [shape.slice(0, -3), parted(shape, -3, sizeOf([r, r]))];
    return x
      .reshape([sizeOf(lead), channels, r, r, height, width])
      .permute(0, 1, 4, 2, 5, 3)
      .reshape([...lead, channels, height * r, width * r]);
  },
  samples: [
    [t([1, 8, 2, 3]), 2],
    [t([9, 1, 2]), 3],
    [t([2, 1, 4, 2, 1]), 2],
    [t([2, 3, 4]), 1],
  ],
  errors: [
    raises([t([1, 6, 2, 2]), 2], "does not divide into 4"),
    raises([t([2, 2]), 2], "at least 3"),
    raises([t([4, 1, 1]), 0], "at least 1"),
  ],
};

/** Pixels as more channels, which pixelShuffle undoes. Shape: [*, C, H · r, W · r] → [*, C · r², H, W]. */
export const pixelUnshuffle: Composite<(x: Tensor, downscaleFactor: number) => Tensor> = {
  compose: (x, downscaleFactor) => {
    const { shape } = x;
    checkRank(shape, 3);
    const r = integer(downscaleFactor, "downscaleFactor", 1);
    const [height, width] = [parted(shape, -2, r), parted(shape, -1, r)];
    const [lead, channels] = [shape.slice(0, -3), shape.at(-3)!];
    return x
      .reshape([sizeOf(lead), channels, height, r, width, r])
      .permute(0, 1, 3, 5, 2, 4)
      .reshape([...lead, channels * r * r, height, width]);
  },
  samples: [
    [t([1, 2, 4, 6]), 2],
    [t([1, 3, 6]), 3],
    [t([2, 1, 1, 2, 2]), 2],
  ],
  errors: [raises([t([1, 1, 3, 4]), 2], "dimension -2 of [1, 1, 3, 4] does not divide into 2"), raises([t([2, 2]), 2], "at least 3")],
};

/** The channels of [N, C, …] as rows of `groups`, read by columns: what comes after a grouped convolution. */
export const channelShuffle: Composite<(x: Tensor, groups: number) => Tensor> = {
  compose: (x, groups) => {
    const { shape } = x;
    checkRank(shape, 3);
    const own = parted(shape, 1, integer(groups, "groups", 1));
    return x.unflatten(1, [groups, own]).transpose(1, 2).reshape(shape);
  },
  samples: [
    [t([1, 6, 2, 2]), 3],
    [t([2, 4, 3]), 2],
    [t([1, 2, 1, 2, 1]), 1],
  ],
  errors: [raises([t([1, 3, 2]), 2], "does not divide into 2"), raises([t([2, 4]), 2], "at least 3")],
};
