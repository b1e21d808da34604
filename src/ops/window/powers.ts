// Powers averaged over windows: norms of windows in space, and of windows of channels.
import { ArgumentError } from "../../base/errors.ts";
import { parse } from "../../base/options.ts";
import { sizeOf } from "../../base/shape.ts";
import { checkRank, integer } from "../arguments.ts";
import { type Composite, raises, t } from "../op.ts";
import { perDim, sized, type Sizes } from "../sliding.ts";
import type { Tensor } from "../tensor.ts";

type LpArgs =
  | [normType: number, kernelSize: Sizes, stride?: Sizes | null, ceilMode?: boolean]
  | [normType: number, kernelSize: Sizes, options: { readonly stride?: Sizes | null; readonly ceilMode?: boolean }]
  | [normType: number, kernelSize: Sizes, stride: Sizes | null, options: { readonly ceilMode?: boolean }];

const averages = ["avgPool1d", "avgPool2d", "avgPool3d"] as const;

const lpPool = (rank: 1 | 2 | 3): Composite<(x: Tensor, ...rest: LpArgs) => Tensor> => ({
  rest: true,
  compose: (x, ...rest) => {
    const { normType, kernelSize, ...how } = parse(rest, {
      normType: undefined as unknown,
      kernelSize: undefined as unknown,
      stride: null as Sizes | null,
      ceilMode: false,
    });
    if (typeof normType !== "number" || normType === 0)
      throw new ArgumentError(`normType must be a number other than 0, got ${String(normType)}`);
    const window = perDim("kernelSize", kernelSize, rank, 1);
    const means = x.pow(normType)[averages[rank - 1]!](window, how);
    return means.mul(sizeOf(window)).pow(1 / normType);
  },
  samples: [
    [sized(rank, [2, 2], 5, 6), 2, 2],
    [t([1, 1, 5, 4, 3].slice(0, 2 + rank), { low: 0.5, high: 2 }), 3, 2, { stride: 1, ceilMode: true }],
  ],
  errors: [raises([sized(rank, [1, 1], 4, 4), 0, 2], "other than 0"), raises([sized(rank, [1, 1], 4, 4), 2, 5], "does not fit")],
});

/** The p-norm (normType p) of every window of [N, C, L] or [C, L]. */
export const lpPool1d: ReturnType<typeof lpPool> = lpPool(1);
/** The p-norm (normType p) of every window of [N, C, H, W] or [C, H, W]. */
export const lpPool2d: ReturnType<typeof lpPool> = lpPool(2);

/** The p-norm (normType p) of every window of [N, C, D, H, W] or [C, D, H, W]. */
export const lpPool3d: ReturnType<typeof lpPool> = lpPool(3);

export interface ResponseOptions {
  readonly alpha?: number;
  readonly beta?: number;
  readonly k?: number;
}
type ResponseFn = (x: Tensor, size: number, ...rest: [alpha?: number, beta?: number, k?: number] | [options: ResponseOptions]) => Tensor;

/** x / (k + alpha · mean of squares over `size` neighbouring channels of [N, C, …])^beta. */
export const localResponseNorm: Composite<ResponseFn> = {
  rest: true,
  compose: (x, size, ...rest) => {
    const { alpha, beta, k } = parse(rest, { alpha: 1e-4, beta: 0.75, k: 1 });
    const { shape } = x;
    checkRank(shape, 3);
    const before = Math.floor(integer(size, "size", 1) / 2);
    if (x.numel() === 0) return x.clone();
    const squares = x.square().reshape(shape[0]!, 1, shape[1]!, sizeOf(shape.slice(2)));
    const means = squares
      .pad([0, 0, before, size - 1 - before])
      .avgPool2d([size, 1], 1)
      .reshape(shape);
    return x.div(means.mul(alpha).add(k).pow(beta));
  },
  samples: [
    [t([2, 4, 3]), 2],
    [t([1, 5, 2, 2]), 3, { alpha: 0.5, k: 2 }],
    [t([1, 3, 2]), 4, 0.1, 0.5, 1],
  ],
  errors: [raises([t([2, 3]), 2], "at least 3 dimensions"), raises([t([2, 3, 4]), 0], "size must be an integer of at least 1")],
};
