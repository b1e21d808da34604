// What PyTorch keeps in nn.utils: gradient clipping.
import "../ops/norm/index.ts";
import { noGrad } from "../autograd/mode.ts";
import { tidy } from "../autograd/scope.ts";
import { checkNonNegative } from "../base/checks.ts";
import { ArgumentError } from "../base/errors.ts";
import { parse } from "../base/options.ts";
import { entry } from "../base/reading.ts";
import { operand } from "../ops/arguments.ts";
import { zeros } from "../tensor/create.ts";
import { overwrite } from "../tensor/dispatch.ts";
import { functions } from "../tensor/methods.ts";
import { Tensor } from "../tensor/tensor.ts";

const gradients = (parameters: Tensor | Iterable<Tensor>): Tensor[] =>
  Array.from(parameters instanceof Tensor ? [parameters] : parameters, (p, i) => operand(p, `parameter ${i}`)).flatMap(
    (p) => p.peekGrad() ?? [],
  );

/** Without recording, and without leaving intermediate tensors to the collector. */
const quietly = <T>(fn: () => T): T => noGrad(() => tidy(fn));

/**
 * Scales all gradients together so that their joint norm is at most maxNorm, and gives that norm before scaling as a 0-d tensor.
 * normType is the order of the norm; Infinity takes the largest magnitude.
 * @example
 * const p = new nn.Parameter(zeros(2));
 * p.grad = tensor([3, 4]);
 * await nn.utils.clipGradNorm_([p], 1).item(); // → 5
 * await p.grad.tolist(); // → [0.6, 0.8]
 */
export function clipGradNorm_(
  parameters: Tensor | Iterable<Tensor>,
  ...rest: [maxNorm: number, normType?: number] | [options: { readonly maxNorm: number; readonly normType?: number }]
): Tensor {
  return entry("clipGradNorm_", arguments, Infinity, () => {
    const { maxNorm, normType } = parse(rest, { maxNorm: NaN, normType: 2 });
    checkNonNegative({ maxNorm });
    if (!(normType > 0)) throw new ArgumentError(`normType must be positive, got ${normType}`);
    return quietly(() => {
      const grads = gradients(parameters);
      if (grads.length === 0) return zeros([]);
      const norms = grads.map((g) => functions.vectorNorm(g, normType));
      const total = functions.vectorNorm(functions.stack(norms), normType);
      const factor = total.add(1e-6).reciprocal().mul(maxNorm).clampMax(1);
      for (const g of grads) g.mul_(factor);
      return total;
    });
  });
}

/**
 * Cuts every element of the gradients to [−clipValue, clipValue].
 * @example
 * const p = new nn.Parameter(zeros(2));
 * p.grad = tensor([3, -4]);
 * nn.utils.clipGradValue_([p], 1);
 * await p.grad.tolist(); // → [1, -1]
 */
export function clipGradValue_(parameters: Tensor | Iterable<Tensor>, clipValue: number): void {
  entry("clipGradValue_", arguments, 2, () => {
    checkNonNegative({ clipValue });
    quietly(() => {
      for (const g of gradients(parameters)) overwrite(g, g.clamp(-clipValue, clipValue));
    });
  });
}
