// A schedule by a function of one's own.
import { ArgumentError } from "../base/errors.ts";
import { LRScheduler, type Target } from "../optim/schedule.ts";

/** The first rate times fn(epoch); one function, or one per group. */
export class LambdaLR extends LRScheduler {
  readonly lambdas: readonly ((epoch: number) => number)[];
  constructor(optimizer: Target, fn: ((epoch: number) => number) | readonly ((epoch: number) => number)[]) {
    super(optimizer);
    this.lambdas = typeof fn === "function" ? this.groups.map(() => fn) : fn;
    if (this.lambdas.length !== this.groups.length)
      throw new ArgumentError(`${this.lambdas.length} functions for ${this.groups.length} groups`, "", "LambdaLR");
    this.step();
  }
  protected override rate(lr: number, k: number): number {
    // A group that was added later keeps its rate.
    if (!(k in this.baseLrs)) return lr;
    const factor: unknown = this.lambdas[k]!(this.lastEpoch);
    return typeof factor === "number" ? this.baseLrs[k]! * factor : NaN;
  }
}
