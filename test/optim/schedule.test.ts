// Learning-rate schedules against PyTorch's rates, closed forms, and their state dicts.
import { describe, expect, it } from "vitest";
import { ArgumentError } from "../../src/base/errors.ts";
import { ones, tensor } from "../../src/tensor/create.ts";
import { LambdaLR } from "../../src/optim/index.ts";
import { CosineAnnealingLR, type LRScheduler, SGD, StepLR } from "../../src/optim/index.ts";
import { loadFixture } from "../golden/loader.ts";

interface Case {
  readonly schedule: "StepLR" | "CosineAnnealingLR";
  readonly options: { stepSize: number; tMax: number };
  readonly initial: readonly number[];
  readonly rates: readonly (readonly number[])[];
}
const { schedules } = (await loadFixture("training/optim")) as { schedules: readonly Case[] };

const optimizer = (rates: readonly number[] = [0.1, 0.025]): SGD =>
  new SGD(
    rates.map((lr) => ({ params: [tensor([0], { requiresGrad: true })], lr })),
    { lr: 1, momentum: 0.9 },
  );

/** Rates of the first group over n epochs. */
function walk(schedule: LRScheduler, n: number): number[] {
  return Array.from({ length: n }, () => {
    const [lr] = schedule.getLastLr();
    schedule.step();
    return lr!;
  });
}
const close = (got: readonly number[], want: readonly number[]): void =>
  want.forEach((w, i) => expect(Math.abs(got[i]! - w), `epoch ${i}: ${got[i]} for ${w}`).toBeLessThan(1e-15 + 1e-12 * Math.abs(w)));

describe("schedules", () => {
  it.each(schedules.map((c) => [`${c.schedule} ${JSON.stringify(c.options)}`, c] as const))(
    "%s gives PyTorch's rates",
    (_, { schedule, options, initial, rates }) => {
      const sgd = optimizer(initial);
      const run = schedule === "StepLR" ? new StepLR(sgd, options) : new CosineAnnealingLR(sgd, options);
      for (const row of rates) {
        close(
          sgd.paramGroups.map((g) => g.lr),
          row,
        );
        run.step();
      }
    },
  );

  it("LambdaLR follows its function, one or one for each group", () => {
    close(walk(new LambdaLR(optimizer(), (t) => 1 / (1 + t)), 4), [0.1, 0.05, 0.1 / 3, 0.025]);
    const sgd = optimizer();
    new LambdaLR(sgd, [(t) => t, (t) => 2 * t]).step();
    close(
      sgd.paramGroups.map((g) => g.lr),
      [0.1, 0.05],
    );
  });

  it("go on from a state dict", () => {
    for (const make of [
      (o: SGD) => new StepLR(o, 2),
      (o: SGD) => new CosineAnnealingLR(o, 6),
      (o: SGD) => new LambdaLR(o, (t) => 0.5 ** t),
    ]) {
      const [a, b] = [make(optimizer()), make(optimizer([9, 9]))];
      walk(a, 3);
      b.loadStateDict(JSON.parse(JSON.stringify(a.stateDict())) as ReturnType<LRScheduler["stateDict"]>);
      expect(b.getLastLr()).toEqual(a.getLastLr());
      expect(walk(b, 5)).toEqual(walk(a, 5));
    }
    expect(new CosineAnnealingLR(optimizer(), 6).stateDict()).toEqual({
      base_lrs: [0.1, 0.025],
      last_epoch: 0,
      T_max: 6,
      eta_min: 0,
      _last_lr: [0.1, 0.025],
    });
    expect(() => new StepLR(optimizer(), 2).loadStateDict({ _last_lr: [1] })).toThrow(ArgumentError);
  });

  it("refuse values outside their domain", () => {
    for (const call of [
      () => new StepLR(optimizer(), 0),
      () => new CosineAnnealingLR(optimizer(), 1.5),
      () => new LambdaLR(optimizer(), []),
    ])
      expect(call).toThrow(ArgumentError);
  });

  it("step() changes nothing when a rate cannot be had", () => {
    const faults: [(t: number) => unknown, new (...a: never[]) => Error, string][] = [
      [() => NaN, ArgumentError, "step: rates [0.1,NaN] for the 2 groups of the optimizer"],
      [() => undefined, ArgumentError, "rates"],
      [() => "0.1", ArgumentError, "rates"],
      [
        () => {
          throw new RangeError("of the function");
        },
        RangeError,
        "of the function",
      ],
    ];
    for (const [fault, type, message] of faults) {
      const sgd = optimizer();
      const schedule = new LambdaLR(sgd, [() => 1, (t) => (t === 0 ? 1 : fault(t)) as number]);
      const before = [schedule.stateDict(), sgd.paramGroups.map((g) => g.lr)];
      expect(() => schedule.step(), message).toThrow(type);
      expect([schedule.stateDict(), sgd.paramGroups.map((g) => g.lr)]).toEqual(before);
    }
  });

  it("loadStateDict() refuses what no schedule leaves behind, and changes nothing", () => {
    const bad: [object | null, string][] = [
      [{ last_epoch: -1 }, "lastEpoch must be an integer of at least 0, got -1"],
      [{ last_epoch: 1.5 }, "lastEpoch must be an integer of at least 0, got 1.5"],
      [{ last_epoch: "3" }, "lastEpoch must be a number"],
      [{ last_epoch: [3] }, "lastEpoch must be a number"],
      [{ step_size: 0 }, "stepSize must be an integer of at least 1, got 0"],
      [{ step_size: {} }, "stepSize must be a number"],
      [{ gamma: NaN }, "gamma must be a number, got NaN"],
      [{ base_lrs: [1] }, "baseLrs must be a list of 2"],
      [{ base_lrs: [1, "2"] }, "baseLrs must be a list of 2"],
      [{ base_lrs: 1 }, "baseLrs must be a list of 2"],
      [{ _last_lr: [1] }, "rates [1] for the 2 groups"],
      [{ _last_lr: [1, null] }, "rates [1,] for the 2 groups"],
      [{ _last_lr: 1 }, "rates [1] for the 2 groups"],
    ];
    for (const [changes, message] of bad) {
      const sgd = optimizer();
      const schedule = new StepLR(sgd, 2, 0.5);
      walk(schedule, 3);
      const before = schedule.stateDict();
      const dict = { ...before, gamma: 0.25, ...changes } as ReturnType<LRScheduler["stateDict"]>;
      expect(() => schedule.loadStateDict(dict), message).toThrow(ArgumentError);
      expect(() => schedule.loadStateDict(dict)).toThrow(`loadStateDict: ${message}`);
      expect(schedule.stateDict()).toEqual(before);
    }
  });

  it("loadStateDict() takes numbers of the schedule and nothing else", () => {
    const sgd = optimizer();
    const schedule = new LambdaLR(sgd, (t) => 1 / (1 + t));
    const { lambdas } = schedule;
    const hostile = JSON.parse(
      '{"optimizer":1,"lambdas":[1,2],"step":3,"__proto__":{"polluted":1},"constructor":4,"last_epoch":3}',
    ) as object;
    schedule.loadStateDict(hostile as ReturnType<LRScheduler["stateDict"]>);
    expect([schedule.optimizer, schedule.lambdas, schedule.lastEpoch]).toEqual([sgd, lambdas, 3]);
    expect([Object.getPrototypeOf(schedule), "polluted" in {}]).toEqual([LambdaLR.prototype, false]);
    const mine = schedule.stateDict();
    (mine["base_lrs"] as number[])[0] = 7;
    expect(schedule.baseLrs).toEqual([0.1, 0.025]);
  });

  it("leave the rate of a group that was added later alone, as in PyTorch", () => {
    for (const make of [(o: SGD) => new CosineAnnealingLR(o, 6), (o: SGD) => new LambdaLR(o, (t) => 0.5 ** t)]) {
      const sgd = optimizer();
      const schedule = make(sgd);
      sgd.addParamGroup({ params: [tensor([0], { requiresGrad: true })], lr: 3 });
      walk(schedule, 4);
      expect(sgd.paramGroups[2]!.lr).toBe(3);
    }
  });
});

describe("loadStateDict of values that no schedule has", () => {
  it.each<[string, object]>([
    ["a hole among the rates", { _last_lr: new Array(1) }],
    ["a function for a counter", { last_epoch: () => 1 }],
    ["a tensor among the first rates", { base_lrs: [ones([1])] }],
  ])("%s is refused, and nothing is changed", (_what, change) => {
    const scheduler = new StepLR(new SGD([ones([1], { requiresGrad: true })], { lr: 0.1 }), 2);
    const before = scheduler.stateDict();
    expect(() => scheduler.loadStateDict({ ...before, ...change } as never)).toThrow(ArgumentError);
    expect(scheduler.stateDict()).toEqual(before);
  });
});
