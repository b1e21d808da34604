// Learning-rate schedules. Each writes `lr` of the optimiser's groups; nothing is compiled for a new value.
import { ArgumentError } from "../base/errors.ts";
import { parse } from "../base/options.ts";
import type { Optimizer, ParamGroup } from "./optimizer.ts";

type Rated = { lr: number };
type Group = ParamGroup<Rated>;
// Schedules drive every optimiser that has a learning rate.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Target = Optimizer<any, any>;

/** Plain numbers and lists under PyTorch's names; what a schedule needs to go on. */
export type SchedulerState = Record<string, number | readonly number[]>;

/** Base of the schedules: counts epochs and sets each group's rate. Subclasses say what the next rate is. */
export abstract class LRScheduler {
  readonly optimizer: Target;
  /** Rates of the groups when the schedule began. */
  baseLrs: number[];
  lastEpoch = -1;

  constructor(optimizer: Target) {
    this.optimizer = optimizer;
    this.baseLrs = this.groups.map((group) => {
      group["initialLr"] ??= group.lr;
      return group["initialLr"] as number;
    });
  }

  protected get groups(): Group[] {
    return this.optimizer.paramGroups as unknown as Group[];
  }
  /** The rate of group k at `lastEpoch`, from the rate it has now. */
  protected abstract rate(lr: number, k: number, group: Group): number;

  /** Moves on by one epoch (or step) and sets the rates. Call it after optimizer.step(). */
  step(): void {
    this.lastEpoch++;
    const rates = this.groups.map((group, k) => this.rate(group.lr, k, group));
    this.groups.forEach((group, k) => (group.lr = rates[k]!));
  }

  /** The rates that the last step() set, by group. */
  getLastLr(): number[] {
    return this.groups.map((group) => group.lr);
  }

  stateDict(): SchedulerState {
    const own = Object.entries(this).filter(
      ([key, value]) =>
        key !== "optimizer" && (typeof value === "number" || (Array.isArray(value) && value.every((v) => typeof v === "number"))),
    );
    const named = own.map(([key, value]) => [names[key] ?? key.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`), value as number]);
    return Object.fromEntries([...named, ["_last_lr", this.getLastLr()]]) as SchedulerState;
  }

  /** Goes on where `state` left off; sets the groups' rates too. Errors: ArgumentError when it belongs to another number of groups. */
  loadStateDict(state: SchedulerState): void {
    const last = state["_last_lr"] as readonly number[] | undefined;
    if (last && last.length !== this.groups.length)
      throw new ArgumentError("loadStateDict", `the schedule has rates for ${last.length} groups, the optimizer has ${this.groups.length}`);
    const own = this as unknown as Record<string, unknown>;
    for (const key of Object.keys(this)) {
      const value = state[names[key] ?? key.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`)];
      if (key !== "optimizer" && value !== undefined) own[key] = Array.isArray(value) ? [...(value as number[])] : value;
    }
    last?.forEach((lr, k) => (this.groups[k]!.lr = lr));
  }
}

/** Python names that are not plain snake case. */
const names: Readonly<Record<string, string>> = { tMax: "T_max" };

const positive = (op: string, name: string, value: number): number => {
  if (!(Number.isInteger(value) && value > 0)) throw new ArgumentError(op, `${name} must be a positive integer, got ${String(value)}`);
  return value;
};

/** Multiplies the rate by gamma every stepSize epochs. */
export class StepLR extends LRScheduler {
  readonly stepSize: number;
  readonly gamma: number;
  constructor(
    optimizer: Target,
    ...rest:
      [stepSize: number, gamma?: number] | [stepSize: number, options: { gamma?: number }] | [options: { stepSize: number; gamma?: number }]
  ) {
    super(optimizer);
    const o = parse("StepLR", rest, { stepSize: NaN, gamma: 0.1 });
    this.stepSize = positive("StepLR", "stepSize", o.stepSize);
    this.gamma = o.gamma;
    this.step();
  }
  protected override rate(lr: number): number {
    return this.lastEpoch > 0 && this.lastEpoch % this.stepSize === 0 ? lr * this.gamma : lr;
  }
}

/** Multiplies the rate by gamma at each of the milestones. */
export class MultiStepLR extends LRScheduler {
  readonly milestones: readonly number[];
  readonly gamma: number;
  constructor(
    optimizer: Target,
    ...rest: [milestones: readonly number[], gamma?: number] | [milestones: readonly number[], options: { gamma?: number }]
  ) {
    super(optimizer);
    const o = parse("MultiStepLR", rest, { milestones: [] as readonly number[], gamma: 0.1 });
    this.milestones = [...o.milestones];
    this.gamma = o.gamma;
    this.step();
  }
  protected override rate(lr: number): number {
    return lr * this.gamma ** this.milestones.filter((m) => m === this.lastEpoch).length;
  }
}

/** Multiplies the rate by gamma every epoch. */
export class ExponentialLR extends LRScheduler {
  readonly gamma: number;
  constructor(optimizer: Target, ...rest: [gamma: number] | [options: { gamma: number }]) {
    super(optimizer);
    this.gamma = parse("ExponentialLR", rest, { gamma: NaN }).gamma;
    if (!(this.gamma > 0)) throw new ArgumentError("ExponentialLR", `gamma must be positive, got ${String(this.gamma)}`);
    this.step();
  }
  protected override rate(lr: number): number {
    return this.lastEpoch === 0 ? lr : lr * this.gamma;
  }
}

/** Half a cosine from the first rate down to etaMin in tMax epochs, and back up. */
export class CosineAnnealingLR extends LRScheduler {
  readonly tMax: number;
  readonly etaMin: number;
  constructor(
    optimizer: Target,
    ...rest: [tMax: number, etaMin?: number] | [tMax: number, options: { etaMin?: number }] | [options: { tMax: number; etaMin?: number }]
  ) {
    super(optimizer);
    const o = parse("CosineAnnealingLR", rest, { tMax: NaN, etaMin: 0 });
    this.tMax = positive("CosineAnnealingLR", "tMax", o.tMax);
    this.etaMin = o.etaMin;
    this.step();
  }
  // The recursive form, which respects rates that somebody else changed in between.
  protected override rate(lr: number, k: number): number {
    const { lastEpoch: t, tMax, etaMin } = this;
    if (t === 0) return lr;
    if ((t - 1 - tMax) % (2 * tMax) === 0) return lr + ((this.baseLrs[k]! - etaMin) * (1 - Math.cos(Math.PI / tMax))) / 2;
    return ((1 + Math.cos((Math.PI * t) / tMax)) / (1 + Math.cos((Math.PI * (t - 1)) / tMax))) * (lr - etaMin) + etaMin;
  }
}

/** The first rate times fn(epoch); one function, or one per group. */
export class LambdaLR extends LRScheduler {
  readonly lambdas: readonly ((epoch: number) => number)[];
  constructor(optimizer: Target, fn: ((epoch: number) => number) | readonly ((epoch: number) => number)[]) {
    super(optimizer);
    this.lambdas = typeof fn === "function" ? this.groups.map(() => fn) : [...fn];
    if (this.lambdas.length !== this.groups.length)
      throw new ArgumentError("LambdaLR", `${this.lambdas.length} functions for ${this.groups.length} groups`);
    this.step();
  }
  protected override rate(_lr: number, k: number): number {
    return this.baseLrs[k]! * this.lambdas[k]!(this.lastEpoch);
  }
}

/** A straight line from startFactor to endFactor times the first rate in totalIters epochs. */
export class LinearLR extends LRScheduler {
  readonly startFactor: number;
  readonly endFactor: number;
  readonly totalIters: number;
  constructor(
    optimizer: Target,
    ...rest:
      | [startFactor?: number, endFactor?: number, totalIters?: number]
      | [options: { startFactor?: number; endFactor?: number; totalIters?: number }]
  ) {
    super(optimizer);
    const o = parse("LinearLR", rest, { startFactor: 1 / 3, endFactor: 1, totalIters: 5 });
    for (const [name, value] of Object.entries({ startFactor: o.startFactor, endFactor: o.endFactor }))
      if (!(value >= 0 && value <= 1)) throw new ArgumentError("LinearLR", `${name} must be between 0 and 1, got ${String(value)}`);
    this.startFactor = o.startFactor;
    this.endFactor = o.endFactor;
    this.totalIters = positive("LinearLR", "totalIters", o.totalIters);
    this.step();
  }
  protected override rate(lr: number): number {
    const { lastEpoch: t, startFactor, endFactor, totalIters } = this;
    if (t === 0) return lr * startFactor;
    return t > totalIters ? lr : lr * (1 + (endFactor - startFactor) / (totalIters * startFactor + (t - 1) * (endFactor - startFactor)));
  }
}
