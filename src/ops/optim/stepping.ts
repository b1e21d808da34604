// The fused step of all optimisers. A call updates several parameters and their state in place, within eight buffers per dispatch.
import { checkFloat } from "../../base/checks.ts";
import { ShapeError } from "../../base/errors.ts";
import { sizeOf } from "../../base/shape.ts";
import { letters, type Rates, step } from "../../kernels/step.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { checkFits, productDtype } from "../arguments.ts";
import { type Arg, type Inputs, type Meta, type Primitive, raises, t } from "../op.ts";

const defaults: Rates = { lr: 0, weightDecay: 0, sign: 1, shrink: 1, keep: 0, add: 1, nesterov: 0, beta2: 0, rest2: 0, eps: 0 };

/** Errors: ShapeError when a gradient or state tensor does not fit its parameter; DtypeError unless all are of one float dtype. */
function checkUpdate(ins: Inputs): { out: Meta } {
  const count = Object.keys(ins).filter((key) => key.startsWith("p")).length;
  const most = ins["w0"] ? 1 : ins["m0"] ? 2 : 4;
  if (count === 0 || count > most) throw new ShapeError(`${count} parameters, takes at least 1 and at most ${most} at a time`);
  const dtype = productDtype(ins);
  checkFloat(dtype);
  for (let k = 0; k < count; k++)
    for (const letter of letters)
      if (letter === "g" || ins[`${letter}0`]) {
        const other = ins[letter + k];
        if (!other) throw new ShapeError(`${letter}${k} is missing`);
        checkFits(letter + k, other.shape, ins[`p${k}`]!.shape);
      }
  return { out: ins["p0"]! };
}

const numbers = (shape: readonly number[], least: number): Arg =>
  t(shape, { data: Array.from({ length: sizeOf(shape) }, (_, i) => least + ((i * 7 + 3) % 11) / 10), fixed: true });
// What is written to keeps its layout: two parameters with gradients, first and second moments.
const [p, g, m, v] = [-0.5, -0.3, -0.2, 0.1].map((least) => [numbers([5], least), numbers([2, 2], least)]) as [Arg[], Arg[], Arg[], Arg[]];
const sgd = { lr: 0.1, weightDecay: 0.01 };
const momentum = { ...sgd, keep: 0.9, add: 0.7 };
const adam = { ...momentum, beta2: 0.99, rest2: 0.01, eps: 1e-3 };
const one = (list: readonly Arg[]): readonly Arg[] => list.slice(0, 1);

type Tensors = readonly Tensor[];

/**
 * One step of SGD or Adam on up to four parameters, two if they have moments, one if that includes the largest second moments (AMSGrad).
 * Lists of a state that is not kept are empty. Writes all but grads.
 */
export const optimizerStep: Primitive<
  (params: Tensors, grads: Tensors, moments: Tensors, squares: Tensors, largest: Tensors, rates: Partial<Rates>) => Tensor,
  never,
  Rates
> = {
  internal: true,
  self: -1,
  call: (...args) => {
    const inputs: Record<string, Tensor> = {};
    letters.forEach((letter, i) => (args[i] as Tensors).forEach((x, k) => (inputs[letter + k] = x)));
    return { inputs, attrs: { ...defaults, ...args[5] } };
  },
  meta: checkUpdate,
  ...step,
  mutates: ["p", "m", "v", "w"].flatMap((letter) => [0, 1, 2, 3].map((k) => letter + k)),
  backward: "none",
  samples: [
    [[...p, ...m], [...g, ...g], [], [], [], { ...sgd, sign: -1 }],
    [one(p), one(g), one(m), [], [], { ...momentum, nesterov: 0.9 }],
    [p, g, m, [], [], momentum],
    [one(p), one(g), one(m), one(v), [], { ...adam, shrink: 0.99 }],
    [p, g, m, v, [], { ...adam, sign: -1 }],
    [one(p), one(g), one(m), one(v), one(v), adam],
  ],
  errors: [
    raises([one(p), g.slice(1), [], [], [], sgd], "does not fit"),
    raises([[...p, m[0]], [...g, g[0]], [...m, g[0]], [], [], momentum], "at most 2"),
    raises([one(p), one(g), m.slice(1), one(v), [], adam], "does not fit"),
    raises([p, g, one(m), [], [], momentum], "m1 is missing"),
  ],
};
