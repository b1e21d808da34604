// Learning-rate schedules against PyTorch's rates, closed forms, and their state dicts.
import { describe, expect, it } from "vitest";
import { ArgumentError } from "../../src/base/errors.ts";
import { tensor } from "../../src/create.ts";
import {
  CosineAnnealingLR,
  ExponentialLR,
  LambdaLR,
  LinearLR,
  type LRScheduler,
  MultiStepLR,
  OneCycleLR,
  SGD,
  StepLR,
} from "../../src/optim/index.ts";
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

  it("the others follow their closed forms", () => {
    close(walk(new MultiStepLR(optimizer(), [2, 5], { gamma: 0.5 }), 7), [0.1, 0.1, 0.05, 0.05, 0.05, 0.025, 0.025]);
    close(
      walk(new ExponentialLR(optimizer(), 0.9), 6),
      [0, 1, 2, 3, 4, 5].map((t) => 0.1 * 0.9 ** t),
    );
    close(walk(new LambdaLR(optimizer(), (t) => 1 / (1 + t)), 4), [0.1, 0.05, 0.1 / 3, 0.025]);
    close(
      walk(new LinearLR(optimizer(), 0.5, 1, 4), 7),
      [0, 1, 2, 3, 4, 4, 4].map((t) => 0.1 * (0.5 + 0.125 * t)),
    );
    const sgd = optimizer([0.1]);
    const cycle = new OneCycleLR(sgd, 1, { totalSteps: 10 });
    const [up, down] = [
      (t: number) => 1 + ((0.04 - 1) / 2) * (Math.cos((Math.PI * t) / 2) + 1),
      (t: number) => 4e-6 + ((1 - 4e-6) / 2) * (Math.cos((Math.PI * (t - 2)) / 7) + 1),
    ];
    expect(sgd.paramGroups[0]!.momentum).toBe(0.95);
    close(walk(cycle, 10), [up(0), up(1), up(2), ...[3, 4, 5, 6, 7, 8, 9].map(down)]);
    expect(() => cycle.step()).toThrow(ArgumentError);
  });

  it("go on from a state dict", () => {
    for (const make of [
      (o: SGD) => new StepLR(o, 2),
      (o: SGD) => new CosineAnnealingLR(o, 6),
      (o: SGD) => new LinearLR(o),
      (o: SGD) => new MultiStepLR(o, [1, 4]),
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
      () => new LinearLR(optimizer(), 2),
      () => new ExponentialLR(optimizer(), { gamma: -1 }),
      () => new LambdaLR(optimizer(), []),
      () => new OneCycleLR(optimizer(), 1),
    ])
      expect(call).toThrow(ArgumentError);
  });
});
