// Stochastic gradient descent.
import "../ops/optim/index.ts";
import { checkNonNegative } from "../base/checks.ts";
import { ArgumentError, under } from "../base/errors.ts";
import { functions } from "../tensor/methods.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Optimizer, optionsOf, type ParamGroup, type Params, type ParamState, type Ready } from "./optimizer.ts";

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

/** Gradient descent with momentum, Nesterov's look-ahead and L2 weight decay. Source: torch.optim.SGD. */
export class SGD extends Optimizer<SgdOptions, SgdState> {
  static override readonly name: string = "SGD";
  constructor(params: Params<SgdOptions>, options: Partial<SgdOptions> = {}) {
    super(
      params,
      under("SGD", () => optionsOf(options, defaults)),
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
    const width = momentum === 0 ? 4 : 2;
    // The first step starts the buffer from the gradient itself, without dampening.
    for (const some of chunks(ready, width, (a, b) => a.fresh === b.fresh)) {
      const { fresh } = some[0]!;
      functions.optimizerStep(
        some.map((r) => r.param),
        some.map((r) => r.grad),
        momentum === 0 ? [] : some.map((r) => r.state.momentum_buffer!),
        [],
        [],
        {
          lr,
          weightDecay,
          sign: maximize ? -1 : 1,
          nesterov: nesterov ? momentum : 0,
          keep: fresh ? 0 : momentum,
          add: fresh ? 1 : 1 - dampening,
        },
      );
    }
  }
}

/** Consecutive groups of up to n parameters of one dtype and device, no storage twice in a group: what one dispatch may bind. */
export function chunks<S extends ParamState>(
  ready: readonly Ready<S>[],
  n: number,
  alike: (a: Ready<S>, b: Ready<S>) => boolean,
): Ready<S>[][] {
  const out: Ready<S>[][] = [];
  for (const r of ready) {
    const last = out.at(-1);
    const fits = last?.every(
      ({ param, grad }, i) =>
        param.dtype === r.param.dtype &&
        param.storage.device === r.param.storage.device &&
        alike(last[i]!, r) &&
        ![param.storage, grad.storage].includes(r.param.storage) &&
        param.storage !== r.grad.storage,
    );
    if (fits && last!.length < n) last!.push(r);
    else out.push([r]);
  }
  return out;
}
