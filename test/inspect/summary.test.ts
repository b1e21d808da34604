// summary(): the table it prints.
import { expect, it } from "vitest";
import * as w from "../../src/index.ts";
import { onEveryDevice } from "../devices.ts";

onEveryDevice(() => {
  it("summary() prints layers, shapes, parameters and receptive fields in columns", () => {
    const net = new w.nn.Sequential(new w.nn.Conv2d(1, 40, 5), new w.nn.ReLU(), new w.nn.Flatten());
    expect(String(w.inspect.summary(net, w.zeros([2, 1, 8, 8])))).toBe(
      [
        "layer          output         parameters  receptive field",
        "─────────────  ─────────────  ──────────  ───────────────",
        "Sequential     [2, 640]                0  –",
        "  Conv2d (0)   [2, 40, 4, 4]       1,040  5×5",
        "  ReLU (1)     [2, 40, 4, 4]           0  5×5",
        "  Flatten (2)  [2, 640]                0  –",
        "1,040 parameters (1,040 trainable), 4.1 KiB; activations 15.0 KiB",
      ].join("\n"),
    );
    expect(net.training).toBe(true);
  });
});

it("summary() counts the bytes of the dtypes that a model has", () => {
  const double = { dtype: "float64", device: "cpu" } as const;
  const { parameterBytes, activationBytes } = w.inspect.summary(new w.nn.Linear(3, 2, double), w.zeros([4, 3], double));
  expect([parameterBytes, activationBytes]).toEqual([8 * (6 + 2), 8 * 4 * 2]);
});
