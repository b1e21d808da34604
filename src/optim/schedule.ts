// Learning-rate schedules. Each writes `lr` of the optimiser's groups; nothing is compiled for a new value.
import { ArgumentError, under } from "../base/errors.ts";
import { parse } from "../base/options.ts";
import { integer } from "../ops/arguments.ts";
import { renamed, snake } from "../base/python.ts";
import { Optimizer, type ParamGroup } from "./optimizer.ts";

type Group = ParamGroup<{ lr: number }>;
// Schedules drive every optimiser that has a learning rate.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Target = Optimizer<any, any>;

/** Plain numbers and lists under PyTorch's names; what a schedule needs to go on. */
export type SchedulerState = Record<string, number | readonly number[]>;

/** A property's name in PyTorch. */
const inPython = (name: string): string => (name === "tMax" ? "T_max" : snake(name));

/** Base of the schedules: counts epochs and sets each group's rate. Subclasses say what the next rate is. */
export abstract class LRScheduler {
  declare readonly optimizer: Target;
  /** Rates of the groups when the schedule began. */
  declare baseLrs: number[];
  lastEpoch = -1;

  /** Errors: ArgumentError for anything but an optimizer. */
  constructor(optimizer: Target) {
    if (!(optimizer instanceof Optimizer)) throw new ArgumentError(`needs an optimizer, got ${String(optimizer)}`, "", new.target.name);
    this.optimizer = optimizer;
    this.baseLrs = this.groups.map((group) => (group["initialLr"] ??= group.lr) as number);
  }

  protected get groups(): Group[] {
    return this.optimizer.paramGroups as unknown as Group[];
  }
  /** The rate of group k at `lastEpoch`, from the rate it has now. */
  protected abstract rate(lr: number, k: number, group: Group): number;

  /** Takes the options of a schedule, whose first is a number of epochs, and sets the first rates. */
  protected begin<O extends object>(op: string, rest: readonly unknown[], defaults: O): void {
    under(op, () => {
      const options = parse(rest, defaults);
      const [[name, epochs]] = Object.entries(options) as [[string, number]];
      integer(epochs, name, 1);
      Object.assign(this, options);
      this.step();
    });
  }

  /** Moves on by one epoch (or step) and sets the rates. Call it after optimizer.step(). */
  step(): void {
    this.lastEpoch++;
    this.groups.forEach((group, k) => (group.lr = this.rate(group.lr, k, group)));
  }

  /** The rates that the last step() set, by group. */
  getLastLr(): number[] {
    return this.groups.map((group) => group.lr);
  }

  /** Numbers and lists of numbers among the properties. */
  stateDict(): SchedulerState {
    const numbers = Object.entries(this).filter(([, value]) => [value].flat().every((v) => typeof v === "number"));
    return { ...renamed(Object.fromEntries(numbers), inPython), _last_lr: this.getLastLr() };
  }
  /** Goes on where `state` left off; sets the groups' rates too. Errors: ArgumentError when it belongs to another number of groups. */
  loadStateDict(state: SchedulerState): void {
    const rates = (state["_last_lr"] ?? this.getLastLr()) as readonly number[];
    const { length } = this.groups;
    if (rates.length !== length || !rates.every(Number.isFinite))
      throw new ArgumentError(`rates ${String(rates)} in the dict, ${length} groups in the optimizer`, "", "loadStateDict");
    for (const [key, value] of Object.entries(this)) Object.assign(this, { [key]: structuredClone(state[inPython(key)]) ?? value });
    this.groups.forEach((group, k) => (group.lr = rates[k]!));
  }
}

/** Multiplies the rate by gamma every stepSize epochs. */
export class StepLR extends LRScheduler {
  declare readonly stepSize: number;
  declare readonly gamma: number;
  constructor(
    optimizer: Target,
    ...rest:
      [stepSize: number, gamma?: number] | [stepSize: number, options: { gamma?: number }] | [options: { stepSize: number; gamma?: number }]
  ) {
    super(optimizer);
    this.begin("StepLR", rest, { stepSize: NaN, gamma: 0.1 });
  }
  protected override rate(lr: number): number {
    return this.lastEpoch > 0 && this.lastEpoch % this.stepSize === 0 ? lr * this.gamma : lr;
  }
}

/** Half a cosine from the first rate down to etaMin in tMax epochs, and back up. */
export class CosineAnnealingLR extends LRScheduler {
  declare readonly tMax: number;
  declare readonly etaMin: number;
  constructor(
    optimizer: Target,
    ...rest: [tMax: number, etaMin?: number] | [tMax: number, options: { etaMin?: number }] | [options: { tMax: number; etaMin?: number }]
  ) {
    super(optimizer);
    this.begin("CosineAnnealingLR", rest, { tMax: NaN, etaMin: 0 });
  }
  // The recursive form, which respects rates that somebody else changed in between.
  protected override rate(lr: number, k: number): number {
    const { lastEpoch: t, tMax, etaMin } = this;
    const cosine = (at: number): number => 1 + Math.cos((Math.PI * at) / tMax);
    if (t === 0) return lr;
    if ((t - 1 - tMax) % (2 * tMax) === 0) return lr + ((this.baseLrs[k]! - etaMin) * (2 - cosine(1))) / 2;
    return (cosine(t) / cosine(t - 1)) * (lr - etaMin) + etaMin;
  }
}
