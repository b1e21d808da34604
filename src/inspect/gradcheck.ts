// gradcheck and gradgradcheck: backward rules against central differences, in float64 on the CPU.
import "../ops/core/index.ts";
import { grad } from "../autograd/engine.ts";
import { enableGrad, noGrad } from "../autograd/mode.ts";
import { isFloat } from "../base/dtype.ts";
import { DtypeError, GradError, show, under } from "../base/errors.ts";
import { parse } from "../base/options.ts";
import { callable, takes } from "../base/reading.ts";
import { operands } from "../ops/arguments.ts";
import { tensor } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { tensorsIn, weightsLike } from "./samples.ts";

export interface GradcheckOptions {
  /** Step of the central difference. Default 1e-6. */
  readonly eps?: number;
  readonly atol?: number;
  readonly rtol?: number;
  /** False: return false instead of throwing. Default true. */
  readonly raiseException?: boolean;
  /** One difference for each input, along a fixed direction that moves every element, instead of one for each element. Default false. */
  readonly fastMode?: boolean;
}
const defaults = { eps: 1e-6, atol: 1e-5, rtol: 1e-3, raiseException: true, fastMode: false };

type Differentiable = (...inputs: Tensor[]) => unknown;

const requiring = (list: readonly Tensor[]): Tensor[] => list.filter((x) => x.requiresGrad);
const differentiable = (result: unknown): Tensor[] => tensorsIn(result).filter((t) => isFloat(t.dtype));

/** A weighted sum of all elements of a result: the one number whose derivatives are compared. The weights are made once. */
function weighing(): (result: unknown) => Tensor {
  const weights: Tensor[] = [];
  return (result) =>
    differentiable(result).reduce(
      (sum, o, i) =>
        sum.add(
          o
            .mul((weights[i] ??= weightsLike(o, i)))
            .double()
            .sum(),
        ),
      tensor(0, { dtype: "float64", device: "cpu" }),
    );
}

type Values = Float64Array<ArrayBuffer>;

/** Where differences are taken: how far each element moves by a step, and what messages call it. */
interface Probe {
  readonly where: string;
  readonly move: (values: Values, by: number) => Values;
  readonly slope: (gradient: Values) => number;
}
const elementOf = (e: number): Probe => ({
  where: `element ${e}`,
  move: (values, by) => values.with(e, values[e]! + by),
  slope: (gradient) => gradient[e] ?? 0,
});
const directionOf = (weights: Values): Probe => ({
  where: "along a direction",
  move: (values, by) => values.map((v, i) => v + by * weights[i]!),
  slope: (gradient) => gradient.reduce((sum, g, i) => sum + g * weights[i]!, 0),
});

/**
 * Compares the gradient of a weighted sum of fn's outputs with central differences, for every element of every input that requires a gradient.
 * Inputs must be float64 on the CPU. Errors: GradError naming the input, the element and both values.
 * @example
 * const x = tensor([0.5, 1], { dtype: "float64", requiresGrad: true });
 * await gradcheck((y: Tensor) => y.sin().sum(), [x]); // → true
 */
export async function gradcheck(fn: Differentiable, inputs: readonly Tensor[], options: GradcheckOptions = {}): Promise<boolean> {
  takes("gradcheck", arguments, 3);
  callable("gradcheck", fn);
  const { eps, atol, rtol, raiseException, fastMode } = under("gradcheck", () => parse([options], {}, defaults));
  const checked = requiring(under("gradcheck", () => operands(inputs)));
  if (checked.length === 0) throw new GradError("no input requires a gradient", "", "gradcheck");
  for (const { dtype } of checked) if (dtype !== "float64") throw new DtypeError(`inputs must be float64, got ${dtype}`, "", "gradcheck");
  const weighed = weighing();
  const sum = weighed(fn(...inputs));
  const grads = sum.requiresGrad ? grad(sum, checked, { allowUnused: true }) : [];
  for (const [n, x] of checked.entries()) {
    const which = inputs.indexOf(x);
    const values = Float64Array.from(await x.array());
    const analytic = Float64Array.from((await grads[n]?.array()) ?? []);
    const at = (moved: Values): Promise<number> => {
      const other = tensor(moved, { shape: x.shape, device: "cpu" });
      return noGrad(() => weighed(fn(...inputs.map((input) => (input === x ? other : input.detach()))))).item();
    };
    const probes = fastMode ? [directionOf(Float64Array.from(await weightsLike(x, n + 3).array()))] : Array.from(values.keys(), elementOf);
    for (const { where, move, slope } of probes) {
      const numeric = ((await at(move(values, eps))) - (await at(move(values, -eps)))) / (2 * eps);
      const got = slope(analytic);
      if (Math.abs(got - numeric) <= atol + rtol * Math.abs(numeric) || Object.is(got, numeric)) continue;
      if (!raiseException) return false;
      throw new GradError(`input ${which} ${show(x.shape)}, ${where}: backward gives ${got}, differences ${numeric}`, "", "gradcheck");
    }
  }
  return true;
}

/** gradcheck of fn's gradient: second derivatives with respect to the inputs and to the incoming gradients. */
export async function gradgradcheck(fn: Differentiable, inputs: readonly Tensor[], options: GradcheckOptions = {}): Promise<boolean> {
  takes("gradgradcheck", arguments, 3);
  under("gradgradcheck", () => parse([options], {}, defaults));
  callable("gradgradcheck", fn);
  const outputs = requiring(differentiable(fn(...under("gradgradcheck", () => operands(inputs)))));
  if (outputs.length === 0) return true;
  const seeds = outputs.map((o, i) => weightsLike(o, i).requiresGrad_());
  const first = (...all: Tensor[]): Tensor[] => {
    const xs = inputs.map((input, i) => (input.requiresGrad ? all[i]!.requiresGrad_() : all[i]!));
    const outs = requiring(differentiable(fn(...xs)));
    const wanted = requiring(xs);
    return grad(outs, wanted, { gradOutputs: all.slice(inputs.length), createGraph: true, allowUnused: true }).map(
      (g, i) => g ?? wanted[i]!.filledLike(0),
    );
  };
  return gradcheck((...all) => enableGrad(() => first(...all)), [...inputs, ...seeds], options);
}
