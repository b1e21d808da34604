// Learning-rate schedules against PyTorch's rates, closed forms, and their state dicts.
import { describe, expect, it } from "vitest";
import { ArgumentError } from "../../src/base/errors.ts";
import { tensor } from "../../src/create.ts";
import { LambdaLR } from "../../src/extra/index.ts";
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
});
