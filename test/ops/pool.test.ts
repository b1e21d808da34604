// Pooling against its definition: every window looked at in turn, over one to three dimensions.
import { describe, expect, it } from "vitest";
import * as w from "../../src/index.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { expectValues, onEveryDevice } from "../devices.ts";

interface Case {
  readonly size: readonly number[];
  readonly window: readonly number[];
  readonly stride?: readonly number[];
  readonly padding?: readonly number[];
  readonly dilation?: readonly number[];
  readonly ceilMode?: boolean;
}

const cases: readonly Case[] = [
  { size: [6], window: [1] },
  { size: [7], window: [1], stride: [2] },
  { size: [7], window: [3], stride: [2], padding: [1], ceilMode: true },
  { size: [3, 4], window: [1, 2] },
  { size: [4, 3], window: [2, 1] },
  { size: [4, 4], window: [1, 1] },
  { size: [5, 6], window: [1, 3], stride: [1, 2], padding: [0, 1], ceilMode: true },
  { size: [6, 5], window: [2, 2], stride: [1, 2], dilation: [3, 2] },
  { size: [2, 2, 4], window: [1, 2, 2] },
  { size: [4, 1, 6], window: [1, 1, 2] },
  { size: [3, 4, 4], window: [1, 2, 2] },
  { size: [4, 3, 4], window: [2, 1, 2] },
  { size: [2, 4, 3], window: [2, 2, 1] },
  { size: [3, 2, 2], window: [1, 1, 1] },
  { size: [3, 5, 5], window: [1, 2, 3], stride: [2, 2, 1], padding: [0, 1, 1], ceilMode: true },
  { size: [4, 4, 5], window: [2, 2, 2], stride: [1, 2, 2], dilation: [2, 1, 3], ceilMode: true },
];

const lead = [2, 3] as const;
const product = (list: readonly number[]): number => list.reduce((a, b) => a * b, 1);
/** All coordinates below `sizes`, row-major. */
const coordinates = (sizes: readonly number[]): number[][] =>
  sizes.reduce<number[][]>((outer, n) => outer.flatMap((at) => Array.from({ length: n }, (_, i) => [...at, i])), [[]]);
const flat = (at: readonly number[], sizes: readonly number[]): number => at.reduce((sum, v, i) => sum * sizes[i]! + v, 0);

/** Places of a plane that each window covers, and the output sizes. */
function covered({ size, window, stride = window, padding, dilation, ceilMode }: Case): { out: number[]; cells: number[][] } {
  const [pads, steps] = [padding ?? size.map(() => 0), dilation ?? size.map(() => 1)];
  const out = size.map((n, i) => {
    const room = (n + 2 * pads[i]! - steps[i]! * (window[i]! - 1) - 1) / stride[i]!;
    const places = (ceilMode ? Math.ceil(room) : Math.floor(room)) + 1;
    return ceilMode && (places - 1) * stride[i]! >= n + pads[i]! ? places - 1 : places;
  });
  const cells = coordinates(out).map((place) =>
    coordinates(window)
      .map((tap) => tap.map((t, i) => place[i]! * stride[i]! - pads[i]! + t * steps[i]!))
      .filter((at) => at.every((v, i) => v >= 0 && v < size[i]!))
      .map((at) => flat(at, size)),
  );
  return { out, cells };
}

type Pool = (x: Tensor, window: readonly number[], options: object) => Tensor & [Tensor, Tensor];
const byRank = (name: string, rank: number): unknown => (w as unknown as Record<string, unknown>)[`${name}${rank}d`];

onEveryDevice(() => {
  it("maxPool3d: counts positions through the whole volume when windows are one deep", async () => {
    const x = w.arange(16, { dtype: "float32" }).reshape(1, 1, 2, 2, 4);
    const [y, indices] = w.maxPool3d(x, [1, 2, 2], { returnIndices: true });
    await expectValues(y, [5, 7, 13, 15]);
    await expectValues(indices, [5, 7, 13, 15]);
    await expectValues(w.maxUnpool3d(y, indices, [1, 2, 2]), [0, 0, 0, 0, 0, 5, 0, 7, 0, 0, 0, 0, 0, 13, 0, 15]);
  });

  describe.each(cases)("$size, window $window", (c) => {
    const rank = c.size.length;
    const plane = product(c.size);
    const planes = lead[0] * lead[1];
    const data = Array.from({ length: planes * plane }, (_, i) => ((i * 7919) % 1009) / 100 - 5);
    const { out, cells } = covered(c);
    const { size: _size, window, ...options } = c;
    const input = (): Tensor => w.tensor(data, { shape: [...lead, ...c.size], requiresGrad: true });
    const winners = Array.from({ length: planes }, (_, p) =>
      cells.map((list) => list.reduce((best, at) => (data[p * plane + at]! > data[p * plane + best]! ? at : best))),
    ).flat();
    const planeOf = (o: number): number => Math.floor(o / cells.length) * plane;
    const weights = winners.map((_, o) => ((o * 31) % 17) / 4 - 2);

    it(`maxPool${rank}d: gives the largest element of every window, its place, and gradients to second order`, async () => {
      const x = input();
      const [y, indices] = (byRank("maxPool", rank) as Pool)(x, window, { ...options, returnIndices: true });
      expect(y.shape).toEqual([...lead, ...out]);
      await expectValues(y, winners.map((at, o) => data[planeOf(o) + at]!)); // prettier-ignore
      await expectValues(indices, winners);
      const g = w.tensor(weights, { shape: y.shape, requiresGrad: true });
      const [dx] = w.autograd.grad([y], [x], { gradOutputs: [g], createGraph: true });
      const sent = new Array<number>(data.length).fill(0);
      winners.forEach((at, o) => (sent[planeOf(o) + at]! += weights[o]!));
      await expectValues(dx, sent);
      const seed = data.map((v) => v / 3);
      const [dg] = w.autograd.grad([dx!], [g], { gradOutputs: [w.tensor(seed, { shape: x.shape })] });
      await expectValues(dg, winners.map((at, o) => seed[planeOf(o) + at]!)); // prettier-ignore
    });

    it(`avgPool${rank}d: gives the mean of every window, of its cells or over a divisor`, async () => {
      const pool = byRank("avgPool", rank) as Pool;
      const { dilation: _dilation, ...own } = options;
      const { cells: near } = covered({ ...c, dilation: c.size.map(() => 1) });
      const means = (count: (list: readonly number[], place: number) => number): number[] =>
        Array.from({ length: planes }, (_, p) =>
          near.map((list, o) => list.reduce((sum, at) => sum + data[p * plane + at]!, 0) / count(list, o)),
        ).flat();
      await expectValues(pool(input(), window, { ...own, countIncludePad: false }), means((list) => list.length)); // prettier-ignore
      await expectValues(pool(input(), window, { ...own, divisorOverride: 7 }), means(() => 7)); // prettier-ignore
    });
  });

  it("lpPool3d: gives in windows one deep what lpPool2d gives, and in deep ones the norm of all", async () => {
    const x = w.arange(1, 25).reshape(1, 2, 1, 3, 4);
    await expectValues(w.lpPool3d(x, 3, [1, 2, 2], [1, 1, 2]), [...(await w.lpPool2d(x.squeeze(2), 3, 2, [1, 2]).array())], 1e-6);
    await expectValues(w.lpPool3d(w.tensor([2, 3, 6, 0, 0, 0, 0, 0]).reshape(1, 2, 2, 2), 2, 2), [7]);
  });

  it("maxPool1d: finds −∞ nowhere, in a window whose taps all fall into the padding", async () => {
    const x = w.tensor([5], { shape: [1, 1, 1], requiresGrad: true });
    const y = w.maxPool1d(x, 2, { stride: 1, padding: 1, dilation: 2 });
    await expectValues(y, [-Infinity]);
    const g = w.tensor([2], { shape: [1, 1, 1], requiresGrad: true });
    const [dx] = w.autograd.grad([y], [x], { gradOutputs: [g], createGraph: true });
    await expectValues(dx, [0]);
    const [dg] = w.autograd.grad([dx!.sum()], [g]);
    await expectValues(dg, [0]);
  });
});
