// Learning-rate schedules. Each writes `lr` of the optimiser's groups; nothing is compiled for a new value.
import { checkKinds } from "../base/checks.ts";
import { ArgumentError, under } from "../base/errors.ts";
import { parse } from "../base/options.ts";
import { renamed, snake } from "../base/python.ts";
import { entry, exactly } from "../base/reading.ts";
import { copied, record } from "../base/record.ts";
import { integer } from "../ops/arguments.ts";
import { Optimizer, type ParamGroup } from "./optimizer.ts";

type Group = ParamGroup<{ lr: number }>;
// Schedules drive every optimiser that has a learning rate.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Target = Optimizer<any, any>;

/** Plain numbers and lists under PyTorch's names; what a schedule needs to go on. */
export type SchedulerState = Record<string, number | readonly number[]>;

/** A property's name in PyTorch. */
const inPython = (name: string): string => (name === "tMax" ? "T_max" : snake(name));

/**
 * Base of the schedules: counts epochs and sets each group's rate. Subclasses say what the next rate is.
 * @example
 * class Halving extends optim.LRScheduler {
 *   constructor(optimizer: optim.SGD) {
 *     super(optimizer);
 *     this.step();
 *   }
 *   protected override rate(lr: number): number {
 *     return this.lastEpoch > 0 ? lr / 2 : lr;
 *   }
 * }
 * const optimizer = new optim.SGD(new nn.Linear(1, 1).parameters(), { lr: 1 });
 * const scheduler = new Halving(optimizer);
 * scheduler.step();
 * scheduler.getLastLr(); // → [0.5]
 */
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

  /** Takes the options of a schedule, which were read before anything was touched, and sets the first rates. */
  protected begin(op: string, options: object): void {
    under(op, () => {
      this.check({ ...options, lastEpoch: 0 });
      checkKinds(options, options);
      Object.assign(this, options);
      this.step();
    });
  }

  /** Moves on by one epoch (or step) and sets the rates. Call it after optimizer.step(). Errors: ArgumentError for a rate that is no number. */
  step(): void {
    const { groups } = this;
    this.lastEpoch++;
    try {
      // All of them are known before the first is set.
      const rates = groups.map((group, k) => this.rate(group.lr, k, group));
      under("step", () => checkRates(rates, groups.length));
      groups.forEach((group, k) => (group.lr = rates[k]!));
    } catch (error) {
      this.lastEpoch--;
      throw error;
    }
  }

  /** The rates that the last step() set, by group. */
  getLastLr(): number[] {
    return this.groups.map((group) => group.lr);
  }

  /** The properties that are numbers or lists of numbers, by name. */
  #numbers(): Record<string, number | number[]> {
    return record(
      Object.entries(this as Record<string, unknown>).filter(([, value]) => [value].flat().every((v) => typeof v === "number")),
    ) as Record<string, number | number[]>;
  }
  /** Errors: ArgumentError for numbers that the schedule cannot go on from. */
  protected check({ lastEpoch }: Readonly<Record<string, unknown>>): void {
    integer(lastEpoch, "lastEpoch", 0);
  }

  /** Numbers and lists of numbers among the properties. */
  stateDict(): SchedulerState {
    return { ...renamed(structuredClone(this.#numbers()), inPython), _last_lr: this.getLastLr() };
  }
  /**
   * Goes on where `state` left off; sets the groups' rates too.
   * Errors: ArgumentError when it belongs to another number of groups, or holds what no schedule of this kind can; nothing is changed then.
   */
  loadStateDict(state: SchedulerState): void {
    this.plannedState(state)();
  }
  /** Checks a state dict as loadStateDict does, and returns what puts it into place. */
  plannedState(state: SchedulerState): () => void {
    return entry("loadStateDict", arguments, 1, () => {
      const given = new Map(Object.entries(Object(state) as SchedulerState));
      const own = this.#numbers();
      const rates = given.get("_last_lr") ?? this.getLastLr();
      checkRates(rates, this.groups.length);
      const loaded = record(Object.keys(own).map((name) => [name, copied(given.get(inPython(name)) ?? own[name]!)] as const));
      checkKinds(loaded, own);
      this.check(loaded);
      return () => {
        Object.assign(this, loaded);
        this.groups.forEach((group, k) => (group.lr = rates[k]!));
      };
    });
  }
  static {
    exactly(this.prototype, "step", "getLastLr", "stateDict", "loadStateDict");
  }
}

/** Errors: ArgumentError unless there is a finite rate for each group. */
function checkRates(rates: unknown, groups: number): asserts rates is readonly number[] {
  // every() passes over holes.
  if (!Array.isArray(rates) || rates.length !== groups || !Array.from(rates).every(Number.isFinite))
    throw new ArgumentError(`rates [${String(rates)}] for the ${groups} groups of the optimizer`);
}

/**
 * Multiplies the rate by gamma every stepSize epochs.
 * @example
 * const optimizer = new optim.SGD(new nn.Linear(1, 1).parameters(), { lr: 1 });
 * const scheduler = new optim.lrScheduler.StepLR(optimizer, 2, { gamma: 0.1 });
 * const rates = [0, 1, 2, 3].map(() => {
 *   const [lr] = scheduler.getLastLr();
 *   optimizer.step();
 *   scheduler.step();
 *   return lr;
 * });
 * rates; // → [1, 1, 0.1, 0.1]
 */
export class StepLR extends LRScheduler {
  declare readonly stepSize: number;
  declare readonly gamma: number;
  constructor(
    optimizer: Target,
    ...rest:
      [stepSize: number, gamma?: number] | [stepSize: number, options: { gamma?: number }] | [options: { stepSize: number; gamma?: number }]
  ) {
    const options = under("StepLR", () => parse(rest, { stepSize: NaN, gamma: 0.1 }));
    super(optimizer);
    this.begin("StepLR", options);
  }
  protected override check(values: Readonly<Record<string, unknown>>): void {
    super.check(values);
    integer(values["stepSize"], "stepSize", 1);
  }
  protected override rate(lr: number): number {
    return this.lastEpoch > 0 && this.lastEpoch % this.stepSize === 0 ? lr * this.gamma : lr;
  }
}

/**
 * Half a cosine from the first rate down to etaMin in tMax epochs, and back up.
 * @example
 * const optimizer = new optim.SGD(new nn.Linear(1, 1).parameters(), { lr: 1 });
 * const scheduler = new optim.lrScheduler.CosineAnnealingLR(optimizer, 2);
 * optimizer.step();
 * scheduler.step();
 * scheduler.getLastLr(); // → [0.5]
 */
export class CosineAnnealingLR extends LRScheduler {
  declare readonly tMax: number;
  declare readonly etaMin: number;
  constructor(
    optimizer: Target,
    ...rest: [tMax: number, etaMin?: number] | [tMax: number, options: { etaMin?: number }] | [options: { tMax: number; etaMin?: number }]
  ) {
    const options = under("CosineAnnealingLR", () => parse(rest, { tMax: NaN, etaMin: 0 }));
    super(optimizer);
    this.begin("CosineAnnealingLR", options);
  }
  protected override check(values: Readonly<Record<string, unknown>>): void {
    super.check(values);
    integer(values["tMax"], "tMax", 1);
  }
  // The recursive form, which respects rates that somebody else changed in between.
  protected override rate(lr: number, k: number): number {
    const { lastEpoch: t, tMax, etaMin } = this;
    const cosine = (at: number): number => 1 + Math.cos((Math.PI * at) / tMax);
    // A group that was added later keeps its rate.
    if (t === 0 || !(k in this.baseLrs)) return lr;
    if ((t - 1 - tMax) % (2 * tMax) === 0) return lr + ((this.baseLrs[k]! - etaMin) * (2 - cosine(1))) / 2;
    return (cosine(t) / cosine(t - 1)) * (lr - etaMin) + etaMin;
  }
}

type Rule = ((epoch: number) => number) | readonly ((epoch: number) => number)[];

/**
 * The first rate times lrLambda(epoch); one function, or one per group.
 * @example
 * const optimizer = new optim.SGD(new nn.Linear(1, 1).parameters(), { lr: 1 });
 * const scheduler = new optim.lrScheduler.LambdaLR(optimizer, (epoch) => 0.5 ** epoch);
 * optimizer.step();
 * scheduler.step();
 * scheduler.getLastLr(); // → [0.5]
 */
export class LambdaLR extends LRScheduler {
  readonly lambdas: readonly ((epoch: number) => number)[];
  constructor(optimizer: Target, ...rest: [lrLambda: Rule] | [options: { readonly lrLambda: Rule }]) {
    const { lrLambda } = under("LambdaLR", () => parse(rest, { lrLambda: [] as Rule }));
    super(optimizer);
    this.lambdas = typeof lrLambda === "function" ? this.groups.map(() => lrLambda) : lrLambda;
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
