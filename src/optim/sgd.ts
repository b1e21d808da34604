// Stochastic gradient descent.
import "../ops/sgd/index.ts";
import { checkNonNegative } from "../base/checks.ts";
import { ArgumentError, under } from "../base/errors.ts";
import { parse } from "../base/options.ts";
import { functions } from "../tensor/methods.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { chunks } from "./chunks.ts";
import { Optimizer, type ParamGroup, type Params, type ParamState, type Ready } from "./optimizer.ts";

export interface SgdOptions {
  lr: number;
  momentum: number;
  dampening: number;
  weightDecay: number;
  nesterov: boolean;
  maximize: boolean;
}
interface SgdState extends ParamState {
  momentum_buffer?: Tensor;
}

const defaults: SgdOptions = { lr: 1e-3, momentum: 0, dampening: 0, weightDecay: 0, nesterov: false, maximize: false };

/**
 * Gradient descent with momentum, Nesterov's look-ahead and L2 weight decay. Source: torch.optim.SGD.
 * @example
 * const w = tensor([1, 2], { requiresGrad: true });
 * const optimizer = new optim.SGD([w], { lr: 0.1, momentum: 0.9 });
 * w.square().sum().backward();
 * optimizer.step();
 * await w.tolist(); // → [0.8, 1.6]
 */
export class SGD extends Optimizer<SgdOptions, SgdState> {
  static override readonly name: string = "SGD";
  constructor(params: Params<SgdOptions>, ...rest: [options?: Partial<SgdOptions>]) {
    super(
      params,
      under("SGD", () => parse(rest, defaults)),
    );
  }

  protected override check({ lr, momentum, dampening, weightDecay, nesterov }: SgdOptions): void {
    checkNonNegative({ lr, momentum, weightDecay });
    if (nesterov && !(momentum > 0 && dampening === 0))
      throw new ArgumentError(`nesterov needs momentum and no dampening, got ${momentum} and ${dampening}`);
  }

  protected override stateNames({ momentum }: SgdOptions): readonly string[] {
    return momentum === 0 ? [] : ["momentum_buffer"];
  }

  protected override update(group: ParamGroup<SgdOptions>, ready: readonly Ready<SgdState>[]): void {
    const { lr, momentum, dampening, weightDecay, nesterov, maximize } = group;
    const atOnce = momentum === 0 ? 4 : 2;
    for (const some of chunks(ready, atOnce, (a, b) => a.fresh === b.fresh)) {
      const first = some[0]!.fresh;
      functions.sgdStep(
        some.map((r) => r.param),
        some.map((r) => r.grad),
        momentum === 0 ? [] : some.map((r) => r.state.momentum_buffer!),
        { lr, momentum, dampening, weightDecay, nesterov, maximize, first },
      );
    }
  }
}
