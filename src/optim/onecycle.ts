// The one-cycle policy: up to a high rate and down to nearly nothing, momentum the other way round.
import { ArgumentError } from "../base/errors.ts";
import { parse } from "../base/options.ts";
import type { Optimizer, ParamGroup } from "./optimizer.ts";
import { LRScheduler } from "./schedule.ts";

export interface OneCycleOptions {
  readonly totalSteps?: number;
  readonly epochs?: number;
  readonly stepsPerEpoch?: number;
  readonly pctStart?: number;
  readonly annealStrategy?: "cos" | "linear";
  readonly cycleMomentum?: boolean;
  readonly baseMomentum?: number;
  readonly maxMomentum?: number;
  readonly divFactor?: number;
  readonly finalDivFactor?: number;
}

/** From one value to another as `fraction` goes from 0 to 1. */
const curves = {
  cos: (from: number, to: number, fraction: number): number => to + ((from - to) / 2) * (Math.cos(Math.PI * fraction) + 1),
  linear: (from: number, to: number, fraction: number): number => (to - from) * fraction + from,
};

/** Rates of one cycle over totalSteps (or epochs · stepsPerEpoch) steps. Call step() after every batch. Source: torch OneCycleLR, two phases. */
export class OneCycleLR extends LRScheduler {
  readonly totalSteps: number;
  readonly maxLrs: readonly number[];
  readonly #options: Required<Omit<OneCycleOptions, "totalSteps" | "epochs" | "stepsPerEpoch">>;

  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  constructor(optimizer: Optimizer<any, any>, maxLr: number | readonly number[], options: OneCycleOptions = {}) {
    super(optimizer);
    const { totalSteps, epochs, stepsPerEpoch, ...o } = parse("OneCycleLR", [options], {}, {
      totalSteps: undefined as number | undefined, epochs: NaN, stepsPerEpoch: NaN, pctStart: 0.3, annealStrategy: "cos" as "cos" | "linear",
      cycleMomentum: true, baseMomentum: 0.85, maxMomentum: 0.95, divFactor: 25, finalDivFactor: 1e4,
    }); // prettier-ignore
    this.totalSteps = totalSteps ?? epochs * stepsPerEpoch;
    if (!(Number.isInteger(this.totalSteps) && this.totalSteps > 0))
      throw new ArgumentError(
        "OneCycleLR",
        `the number of steps must be a positive integer, got ${this.totalSteps}`,
        "give totalSteps, or epochs and stepsPerEpoch",
      );
    if (!(o.pctStart >= 0 && o.pctStart <= 1)) throw new ArgumentError("OneCycleLR", `pctStart must be between 0 and 1, got ${o.pctStart}`);
    if (!Object.hasOwn(curves, o.annealStrategy))
      throw new ArgumentError("OneCycleLR", `unknown annealStrategy ${String(o.annealStrategy)}`, "cos or linear");
    this.maxLrs = typeof maxLr === "number" ? this.groups.map(() => maxLr) : [...maxLr];
    if (this.maxLrs.length !== this.groups.length)
      throw new ArgumentError("OneCycleLR", `${this.maxLrs.length} rates for ${this.groups.length} groups`);
    if (o.cycleMomentum && !("momentum" in optimizer.defaults || "betas" in optimizer.defaults))
      throw new ArgumentError("OneCycleLR", "the optimizer has no momentum", "pass { cycleMomentum: false }");
    this.#options = o;
    this.baseLrs = this.maxLrs.map((lr) => lr / o.divFactor);
    this.groups.forEach((group, k) => (group["initialLr"] = this.baseLrs[k]));
    this.step();
  }

  protected override rate(_lr: number, k: number, group: ParamGroup<{ lr: number }>): number {
    const { pctStart, annealStrategy, cycleMomentum, baseMomentum, maxMomentum, finalDivFactor } = this.#options;
    const t = this.lastEpoch;
    if (t > this.totalSteps)
      throw new ArgumentError("OneCycleLR", `step ${t + 1} of a cycle of ${this.totalSteps}`, "give it more totalSteps");
    const peak = pctStart * this.totalSteps - 1;
    const rising = t <= peak;
    const fraction = rising ? (peak === 0 ? 1 : t / peak) : (t - peak) / (this.totalSteps - 1 - peak);
    const between = (from: number, to: number): number => curves[annealStrategy](from, to, fraction);
    if (cycleMomentum) {
      const momentum = rising ? between(maxMomentum, baseMomentum) : between(baseMomentum, maxMomentum);
      const betas = group["betas"] as readonly number[] | undefined;
      if (betas) group["betas"] = [momentum, betas[1]!];
      else group["momentum"] = momentum;
    }
    return rising ? between(this.baseLrs[k]!, this.maxLrs[k]!) : between(this.maxLrs[k]!, this.baseLrs[k]! / finalDivFactor);
  }
}
