// Columns back to the blocks that they were.
import { checkFloat } from "../../base/checks.ts";
import { ShapeError, show } from "../../base/errors.ts";
import { parse, perDimension } from "../../base/options.ts";
import { sizeOf } from "../../base/shape.ts";
import { numbers } from "../arranging.ts";
import { type Composite, raises, t } from "../op.ts";
import { checkRank, perDim, type Sizes, sliding, slidingSizes } from "../sliding.ts";
import type { Tensor } from "../tensor.ts";
import type { UnfoldOptions } from "./convnd.ts";

type FoldArgs =
  | [outputSize: Sizes, kernelSize: Sizes, dilation?: Sizes, padding?: Sizes, stride?: Sizes]
  | [outputSize: Sizes, kernelSize: Sizes, options: UnfoldOptions];

/** Sums of sliding blocks: what unfold took apart, put together. Shape: [N, C·kH·kW, L] → [N, C, H, W], L the number of blocks; also without the batch. */
export const fold: Composite<(x: Tensor, ...rest: FoldArgs) => Tensor> = {
  rest: true,
  compose: (x, ...rest) => {
    const o = parse(rest, {
      outputSize: undefined as unknown,
      kernelSize: undefined as unknown,
      dilation: perDimension<unknown>(1),
      padding: perDimension<unknown>(0),
      stride: perDimension<unknown>(1),
    });
    const { shape } = x;
    checkRank("x", shape, 2, 3);
    checkFloat(x.dtype);
    const size = perDim("outputSize", o.outputSize, 2, 1);
    const window = perDim("kernelSize", o.kernelSize, 2, 1);
    const a = sliding(2, o);
    const places = slidingSizes(size, window, a);
    const [rows, blocks] = shape.slice(-2) as [number, number];
    const taps = sizeOf(window);
    if (rows === 0 || rows % taps !== 0) throw new ShapeError(`${rows} rows of ${show(shape)} are no blocks of ${show(window)}`);
    if (blocks !== sizeOf(places)) throw new ShapeError(`${show(shape)} has ${blocks} blocks, ${show(size)} takes ${sizeOf(places)}`);
    // Every row of a channel writes one place of its window: a transposed convolution by the identity.
    const lead = [...shape.slice(0, -2), rows / taps];
    const identity = Array.from({ length: taps * taps }, (_, i) => Number(i % (taps + 1) === 0));
    return x
      .reshape(sizeOf(lead), taps, ...places)
      .convInput(numbers(x, identity, [taps, 1, ...window]), [sizeOf(lead), 1, ...size], a)
      .reshape([...lead, ...size]);
  },
  samples: [
    [t([1, 8, 6]), [3, 4], 2],
    [t([6, 4]), [4, 4], [2, 3], { stride: 2, padding: [0, 1] }],
    [t([2, 4, 4]), 3, 2, 2, 1, 2],
  ],
  errors: [
    raises([t([1, 7, 6]), [3, 4], 2], "7 rows of [1, 7, 6] are no blocks of [2, 2]"),
    raises([t([1, 8, 5]), [3, 4], 2], "[1, 8, 5] has 5 blocks, [3, 4] takes 6"),
    raises([t([8]), [3, 4], 2], "x must have 2 or 3 dimensions"),
    raises([t([1, 4, 1], { dtype: "int32" }), 2, 2], "floating"),
  ],
};
