// Steps that change something: in-place operators, and what programs do to tensors and their histories.
import type { Call, Calls } from "./calls.ts";
import { each } from "./calls.ts";
import type { Argument, Ref } from "./program.ts";
import type { Writer } from "./writer.ts";

/** Something that may be written to: mostly no leaf with a gradient and no expanded view, since those are refused. */
const target = (w: Writer, rank?: readonly [number, number]): Ref =>
  w.float({
    ...(rank && { rank }),
    where: (x) => w.rng.chance(0.05) || (!(x.isLeaf && x.requiresGrad) && !(x.viewOf?.isLeaf && x.viewOf.requiresGrad)),
  });
const alone: Call = (w) => [target(w)];
/** A second operand that does not enlarge the first. */
const withOther: Call = (w) => {
  const x = target(w);
  return [x, w.rng.chance(0.3) ? w.scalar() : w.float({ shape: w.partner(w.shapeOf(x)) })];
};

/** In-place forms that keep whole numbers whole. */
export const writes: Calls = {
  ...each("add_ sub_ mul_ clampMin_ clampMax_ copy_", withOther),
  ...each("relu_ neg_ abs_ square_ sign_ floor_", alone),
  fill_: (w) => [target(w), w.rng.chance(0.5) ? w.scalar() : w.float({ shape: [] })],
  clamp_: (w) => [target(w), w.scalar(-2, 0), w.scalar(0, 2)],
  maskedFill_: (w) => {
    const x = target(w);
    return [x, w.mask(w.partner(w.shapeOf(x))), w.scalar()];
  },
  ...each("scatter_ scatterAdd_", (w) => {
    const x = target(w, [1, 3]);
    const shape = w.shapeOf(x);
    if (shape.includes(0)) return [x, 0, w.integers(shape, 0, 0), w.float({ shape })];
    const dim = w.rng.int(0, shape.length - 1);
    return [x, dim, w.integers(shape, 0, shape[dim]! - 1), w.float({ shape })];
  }),
  ...each("indexAdd_ indexCopy_", (w) => {
    const x = target(w, [1, 3]);
    const [first = 1, ...rest] = w.shapeOf(x);
    const n = first === 0 ? 0 : w.rng.int(1, 3);
    return [x, 0, w.integers([n], 0, Math.max(0, first - 1)), w.float({ shape: [n, ...rest] })];
  }),
  tril_: (w) => [target(w, [2, 3]), w.rng.int(-1, 1)],
  indexPut_: (w) => {
    const x = target(w, [1, 3]);
    const [first = 1] = w.shapeOf(x);
    const at: Argument = first === 0 ? ":" : w.rng.chance(0.5) ? w.rng.int(-first, first - 1) : w.integers([2], 0, first - 1);
    return [x, [at], w.scalar(), w.rng.chance(0.3)];
  },
};

/** In-place forms for continuous values. */
export const smoothWrites: Calls = each("sigmoid_ tanh_ sin_ cos_ asinh_ erf_ expm1_ atan_", alone);

/** Histories and lifetimes. */
export const lives: Calls = {
  detach: (w) => [w.float()],
  retainGrad: (w) => [w.float({ where: (x) => !x.isLeaf })],
  hook: (w) => [w.float({ where: (x) => x.requiresGrad }), w.rng.pick([0, -1, 2])],
  read: (w) => [w.float()],
  dispose: (w) => [w.float({ where: (x) => !x.isLeaf })],
  release: (w) => [w.rng.chance(0.3) ? w.float({ where: (x) => !x.isLeaf }) : w.leaf([2])],
  backward: (w) => [w.float({ where: (x) => x.requiresGrad && !x.isLeaf }), w.rng.chance(0.7)],
  zeroGrad: (w) => [w.float({ where: (x) => x.isLeaf && x.requiresGrad })],
  requiresGrad_: (w) => [w.float({ where: (x) => x.isLeaf }), w.rng.chance(0.7)],
};
