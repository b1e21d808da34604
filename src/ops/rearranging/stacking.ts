// Tensors put beside each other, and brought to one shape or one number of dimensions.
import { checkKnown } from "../../base/checks.ts";
import { ShapeError, show } from "../../base/errors.ts";
import { isOptions, parse } from "../../base/options.ts";
import { broadcastShapes } from "../../base/shape.ts";
import { checkRank, operands } from "../arguments.ts";
import { joined } from "../arranging.ts";
import { type Composite, raises, t } from "../op.ts";
import type { Each, Tensor } from "../tensor.ts";

type Tensors = readonly Tensor[];
type Listed = Composite<(tensors: Tensors) => Tensor>;
/** PyTorch takes the tensors of some spread out; a list of them will do as well. */
interface SpreadFn {
  (...tensors: Tensors): Tensor;
  (tensors: Tensors): Tensor;
  readonly method?: never;
}
type Spread = Composite<SpreadFn>;

/** The tensors, given spread or as one list, and what stands behind them. */
function gathered(args: readonly unknown[]): { readonly list: Tensors; readonly rest: readonly unknown[] } {
  const asList = Array.isArray(args[0]);
  const end = asList ? 1 : isOptions(args.at(-1)) ? args.length - 1 : args.length;
  return { list: operands(asList ? args[0] : args.slice(0, end)), rest: args.slice(end) };
}

/** The tensors, behind which nothing may stand. */
function alone(args: readonly unknown[]): Tensors {
  const { list, rest } = gathered(args);
  parse(rest, {});
  return list;
}

/** Tensors joined side by side: along dimension 1, or 0 for those with one dimension. */
export const hstack: Listed = {
  self: -1,
  compose: (tensors) => {
    const list = operands(tensors).map((x) => (x.ndim === 0 ? x.reshape(1) : x));
    return joined(list, list[0]!.ndim === 1 ? 0 : 1);
  },
  samples: [[[t([2, 3]), t([2, 1])]], [[t([]), t([3])]]],
  errors: [raises([[]], "non-empty")],
};

/** Tensors joined on top of each other: along dimension 0, those with one dimension as rows. */
export const vstack: Listed = {
  self: -1,
  compose: (tensors) => {
    const rows = operands(tensors).map((x) => (x.ndim < 2 ? x.reshape(1, x.numel()) : x));
    return joined(rows, 0);
  },
  samples: [[[t([2, 3]), t([3])]]],
  errors: [raises([[]], "non-empty")],
};

/** Tensors joined one behind the other: along dimension 2, which those with fewer dimensions get. */
export const dstack: Listed = {
  self: -1,
  compose: (tensors) =>
    joined(
      operands(tensors).map((x) => x.atleast3d()),
      2,
    ),
  samples: [[[t([2]), t([2])]], [[t([2, 3]), t([2, 3, 2])]]],
  errors: [raises([[]], "non-empty")],
};

/** Vectors joined as columns beside matrices. */
export const columnStack: Listed = {
  self: -1,
  compose: (tensors) =>
    joined(
      operands(tensors).map((x) => (x.ndim < 2 ? x.reshape(x.numel(), 1) : x)),
      1,
    ),
  samples: [[[t([2]), t([2, 3]), t([2])]], [[t([]), t([1])]]],
  errors: [raises([[]], "non-empty")],
};

type Widened = Composite<(x: Tensor) => Tensor>;

/** x with at least one dimension: [] → [1]. */
export const atleast1d: Widened = {
  compose: (x) => (x.ndim < 1 ? x.reshape(1) : x.view(x.shape)),
  samples: [[t([])], [t([2, 3])]],
  errors: [raises([t([]), 1], "one argument too many")],
};
/** x with at least two dimensions: [n] → [1, n]. */
export const atleast2d: Widened = {
  compose: (x) => (x.ndim < 2 ? x.reshape(1, x.numel()) : x.view(x.shape)),
  samples: [[t([])], [t([3])], [t([2, 3])]],
  errors: [raises([t([]), 1], "one argument too many")],
};
/** x with at least three dimensions: [n] → [1, n, 1], [m, n] → [m, n, 1]. */
export const atleast3d: Widened = {
  compose: (x) => (x.ndim > 2 ? x.view(x.shape) : x.ndim === 2 ? x.unsqueeze(2) : x.reshape(1, x.numel(), 1)),
  samples: [[t([])], [t([3])], [t([2, 3])], [t([2, 1, 3])]],
  errors: [raises([t([]), 1], "one argument too many")],
};

/** One matrix with the given ones along its diagonal and zeros elsewhere; vectors count as rows. */
export const blockDiag: Spread = {
  self: -1,
  rest: true,
  compose: (...args: readonly unknown[]) => {
    const blocks = alone(args).map((x) => (checkRank(x.shape, 0, 2), x.atleast2d()));
    const width = blocks.reduce((sum, x) => sum + x.shape[1]!, 0);
    let before = 0;
    const rows = blocks.map((x) => {
      const columns = x.shape[1]!;
      const row = x.pad([before, width - before - columns]);
      before += columns;
      return row;
    });
    return joined(rows, 0);
  },
  samples: [[t([2]), t([1, 2])], [[t([2, 3]), t([2]), t([])]]],
  errors: [raises([t([1, 1, 1])], "0 to 2 dimensions"), raises([[]], "non-empty")],
};

interface BroadcastFn {
  <L extends Tensors>(...tensors: L): Each<L>;
  <const L extends Tensors>(tensors: L): Each<L>;
  readonly method?: never;
}

/** Views of the tensors in the shape that they broadcast to together. */
export const broadcastTensors: Composite<BroadcastFn> = {
  self: -1,
  rest: true,
  compose: (...args: readonly unknown[]) => {
    const list = alone(args);
    const shape = list.reduce((wide, x) => broadcastShapes(wide, x.shape), [] as readonly number[]);
    return list.map((x) => x.expand(shape));
  },
  samples: [[t([2, 1]), t([3])], [[t([3]), t([]), t([2, 1])]]],
  errors: [raises([t([2]), t([3])], "do not broadcast"), raises([t([2]), 3], "must be a tensor")],
};

/** Views in which the k-th vector runs along dimension k. */
function grids(list: Tensors): Tensor[] {
  const shape = list.map((x) => x.numel());
  return list.map((x, k) => x.reshape(shape.map((n, d) => (d === k ? n : 1))).expand(shape));
}

interface GridOptions {
  readonly indexing?: "ij" | "xy";
}
interface GridFn {
  <L extends Tensors>(...tensors: L): Each<L>;
  <L extends Tensors>(...args: [...tensors: L, options: GridOptions]): Each<L>;
  <const L extends Tensors>(tensors: L, options?: GridOptions): Each<L>;
  readonly method?: never;
}

/** Coordinates of a grid: views in which the k-th vector runs along dimension k. With indexing "xy" the first two change places. */
export const meshgrid: Composite<GridFn> = {
  self: -1,
  rest: true,
  compose: (...args: readonly unknown[]) => {
    const { list, rest } = gathered(args);
    const { indexing } = parse(rest, {}, { indexing: "ij" });
    checkKnown("indexing", indexing, ["ij", "xy"]);
    const given = list.map((x) => (checkRank(x.shape, 0, 1), x.atleast1d()));
    const exchanged = (all: Tensor[]): Tensor[] => (indexing === "xy" && all.length > 1 ? [all[1]!, all[0]!, ...all.slice(2)] : all);
    return exchanged(grids(exchanged(given)));
  },
  samples: [
    [t([2]), t([3])],
    [[t([2]), t([3]), t([])], { indexing: "xy" }],
  ],
  errors: [
    raises([t([2, 2])], "0 to 1 dimensions"),
    raises([[t([2])], { indexing: "yx" }], "indexing"),
    raises([t([2]), 2], "must be a tensor"),
  ],
};

/** All ways to take one element of each vector, as rows; of one vector its elements. */
export const cartesianProd: Spread = {
  self: -1,
  rest: true,
  compose: (...args: readonly unknown[]) => {
    const list = alone(args);
    for (const x of list) if (x.ndim !== 1) throw new ShapeError(`${show(x.shape)} is no vector`);
    if (list.length === 1) return list[0]!.view(list[0]!.shape);
    return joined(
      grids(list).map((grid) => grid.reshape(grid.numel(), 1)),
      1,
    );
  },
  samples: [[t([2]), t([3])], [[t([3]), t([2]), t([2])]], [[t([13])]]],
  errors: [raises([t([2, 2])], "is no vector")],
};
