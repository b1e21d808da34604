// Adam and AdamW.
import "../ops/adam/index.ts";
import { checkNonNegative } from "../base/checks.ts";
import { ArgumentError, under } from "../base/errors.ts";
import { parse } from "../base/options.ts";
import { functions } from "../tensor/methods.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { chunks } from "./chunks.ts";
import { Optimizer, type ParamGroup, type Params, type ParamState, type Ready } from "./optimizer.ts";

export interface AdamOptions {
  lr: number;
  betas: readonly [number, number];
  eps: number;
  weightDecay: number;
  amsgrad: boolean;
  maximize: boolean;
}
interface AdamState extends ParamState {
  step: number;
  exp_avg: Tensor;
  exp_avg_sq: Tensor;
  max_exp_avg_sq?: Tensor;
}

const defaults: AdamOptions = { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0, amsgrad: false, maximize: false };

/**
 * Adaptive moment estimation; weightDecay is an L2 penalty. Source: torch.optim.Adam.
 * @example
 * const w = tensor([1, 2], { requiresGrad: true });
 * const optimizer = new optim.Adam([w], { lr: 0.1 });
 * w.square().sum().backward();
 * optimizer.step();
 * await w.tolist(); // → [0.9, 1.9]
 */
export class Adam extends Optimizer<AdamOptions, AdamState> {
  static override readonly name: string = "Adam";
  /** Whether weight decay shrinks the parameters instead of bending the gradient. */
  protected readonly decoupled: boolean = false;

  constructor(params: Params<AdamOptions>, ...rest: [options?: Partial<AdamOptions>]) {
    super(
      params,
      under(new.target.name, () => parse(rest, defaults)),
    );
  }

  protected override check({ lr, betas, eps, weightDecay }: AdamOptions): void {
    checkNonNegative({ lr, eps, weightDecay });
    if (!Array.isArray(betas) || betas.length !== 2 || !betas.every((b) => b >= 0 && b < 1))
      throw new ArgumentError(`betas must be two numbers in [0, 1), got ${String(betas)}`);
  }

  protected override stateNames({ amsgrad }: AdamOptions): readonly string[] {
    return ["step", "exp_avg", "exp_avg_sq", ...(amsgrad ? ["max_exp_avg_sq"] : [])];
  }

  protected override update(group: ParamGroup<AdamOptions>, ready: readonly Ready<AdamState>[]): void {
    const { lr, betas, eps, weightDecay, amsgrad, maximize } = group;
    const [beta1, beta2] = betas;
    for (const { state } of ready) state.step++;
    for (const some of chunks(ready, amsgrad ? 1 : 2, (a, b) => a.state.step === b.state.step)) {
      const { step } = some[0]!.state;
      functions.adamStep(
        some.map((r) => r.param),
        some.map((r) => r.grad),
        some.map((r) => r.state.exp_avg),
        some.map((r) => r.state.exp_avg_sq),
        amsgrad ? some.map((r) => r.state.max_exp_avg_sq!) : [],
        { lr, beta1, beta2, eps, weightDecay, decoupled: this.decoupled, maximize, step },
      );
    }
  }
}

/**
 * Adam with decoupled weight decay, 0.01 by default. Source: torch.optim.AdamW.
 * @example
 * const net = new nn.Linear(2, 2);
 * const optimizer = new optim.AdamW([{ params: [net.weight] }, { params: [net.bias!], weightDecay: 0 }], { lr: 0.1 });
 * optimizer.paramGroups.map((group) => group.weightDecay); // → [0.01, 0]
 */
export class AdamW extends Adam {
  static override readonly name: string = "AdamW";
  protected override readonly decoupled: boolean = true;

  constructor(params: Params<AdamOptions>, ...rest: [options?: Partial<AdamOptions>]) {
    super(
      params,
      under(new.target.name, () => parse(rest, { ...defaults, weightDecay: 0.01 })),
    );
  }
}
