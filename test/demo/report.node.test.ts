// What the terminal prints and draws.
import { describe, expect, it } from "vitest";
import type { Figures } from "../../demo/mnist/learner.ts";
import { figuresAgain, keptFigures, type KeptFigures, meanOf, valueOf } from "../../demo/train/figures.ts";
import { clock, type Progress, ProgressLine, progressLine } from "../../demo/train/progress.ts";
import { confusionTable } from "../../demo/train/confusion.ts";
import { curveSvg, ticks } from "../../demo/train/curve.ts";

const progress: Progress = {
  epoch: 2,
  epochs: 5,
  step: 50,
  steps: 100,
  figures: { loss: 0.12345, accuracy: 0.965 },
  samplesPerSecond: 1234.5,
  secondsLeft: 75,
};

describe("the progress line", () => {
  it("holds bar, figures, speed and remaining time", () => {
    const line = progressLine(progress, 120);
    expect(line).toContain("epoch 2/5 ");
    expect(line).toContain("loss 0.1235");
    expect(line).toContain("accuracy 96.5 %");
    expect(line).toMatch(/123[45] samples\/s/);
    expect(line).toContain("1:15 left");
    expect(line.match(/█/g)).toHaveLength(15);
    expect(line.match(/·/g)).toHaveLength(15);
  });

  it.each([0, 10, 40, 60, 79, 200])("never exceeds a width of %i", (width) => {
    expect(progressLine(progress, width).length).toBeLessThanOrEqual(width);
  });

  it.each([
    [66, "epoch 2/5  loss 0.1235  accuracy 96.5 %  1235 samples/s  1:15 left"],
    [65, "epoch 2/5  loss 0.1235  accuracy 96.5 %  1:15 left"],
    [40, "epoch 2/5  loss 0.1235  accuracy 96.5 %"],
    [30, "epoch 2/5  loss 0.1235"],
    [12, "loss 0.1235"],
    [10, ""],
  ])("at a width of %i leaves whole figures out", (width, line) => {
    expect(progressLine({ ...progress, samplesPerSecond: 1235 }, width)).toBe(line);
  });

  it("is redrawn in place on a terminal and taken away at the end", () => {
    const written: string[] = [];
    const line = new ProgressLine({ isTTY: true, columns: 80, write: (text) => written.push(text) });
    line.show(progress);
    line.show({ ...progress, step: 100 });
    line.note(`batch 7${".".repeat(100)}`);
    line.clear();
    line.clear();
    expect(written.join("")).not.toContain("\n");
    expect(written).toHaveLength(4);
    expect(written[2]).toBe(`\r\x1b[2Kbatch 7${".".repeat(72)}`);
    expect(written.at(-1)).toBe("\r\x1b[2K\x1b[?25h");
  });

  it("is ten plain lines per epoch elsewhere", () => {
    const written: string[] = [];
    const line = new ProgressLine({ write: (text) => written.push(text) });
    for (let step = 1; step <= 100; step++) line.show({ ...progress, epochs: 1, step });
    line.note("batch 7");
    expect(written).toHaveLength(10);
    expect(written.every((text) => text.endsWith("left\n") && !text.includes("\x1b"))).toBe(true);
  });
});

it.each([
  [0, "0:00"],
  [59.6, "1:00"],
  [75, "1:15"],
  [3723, "1:02:03"],
  [Infinity, "-:--"],
  [NaN, "-:--"],
])("%d seconds are %s", (seconds, text) => expect(clock(seconds)).toBe(text));

describe("the confusion table", () => {
  const table = Array.from({ length: 10 }, (_, i) => Array.from({ length: 10 }, (_v, j) => (i === j ? 190 : i === 3 && j === 8 ? 10 : 0)));
  it("has a row per digit with its share", () => {
    const rows = confusionTable(table).split("\n");
    expect(rows).toHaveLength(12);
    expect(rows[2 + 3]).toMatch(/^ +3( +·){3} +190( +·){4} +10 +· +95\.0 %$/);
    expect(rows[2]).toMatch(/100\.0 %$/);
  });
  it("has no colours where none are wanted", () => {
    expect(confusionTable(table)).not.toContain("\x1b");
    expect(confusionTable(table, true)).toContain("\x1b[1m");
  });
});

describe("the curve", () => {
  const losses = (...values: number[]): Figures[] => values.map((loss) => ({ loss }));
  it("is a whole document with a point per step, and escapes its title", () => {
    const svg = curveSvg({ title: "a < b & c", losses: losses(2.3, 1.1, 0.6, 0.4), heldOut: [{ accuracy: 0.91 }] });
    expect(svg).toContain("a &#60; b &#38; c");
    expect(svg).toContain("91.0 %");
    expect(svg).toContain("held-out accuracy after each epoch");
    expect(/class="raw" [^>]*d="([^"]+)"/.exec(svg)![1]!.match(/[ML]/g)).toHaveLength(4);
    expect(svg).not.toContain("NaN");
  });
  it("draws a gap where a loss is not finite", () => {
    const svg = curveSvg({ title: "t", losses: losses(2, NaN, Infinity, 1), heldOut: [] });
    expect(svg).not.toMatch(/NaN|Infinity/);
  });
  it("has a line and a name for each of several losses, also below nought and where one is not of every step", () => {
    const both: Figures[] = [{ generator: -1, discriminator: 2 }, { discriminator: 3 }, { generator: -2, discriminator: 1 }];
    const svg = curveSvg({ title: "t", losses: both, heldOut: [{ distance: 1.5 }] });
    const counts = [...svg.matchAll(/class="raw" [^>]*d="([^"]+)"/g)].map(([, d]) => d!.match(/[ML]/g)!.length);
    expect(counts).toEqual([2, 3]);
    for (const words of ["loss G", "loss D", "held-out distance", ">-1<", "1.5000"]) expect(svg).toContain(words);
    expect(svg).not.toContain("NaN");
  });
  it("is logarithmic where losses fall by orders of magnitude", () => {
    const svg = curveSvg({ title: "t", losses: losses(1, 0.1, ...new Array<number>(50).fill(9e-5)), heldOut: [] });
    expect([...svg.matchAll(/text-anchor="end">([^<]+)</g)].map(([, mark]) => mark)).toEqual(["0.0001", "0.001", "0.01", "0.1", "1"]);
    expect(svg).toContain("loss, logarithmic");
  });
  it("marks a dozen epochs at most, the last among them", () => {
    const svg = curveSvg({
      title: "t",
      losses: losses(...new Array<number>(60).fill(1)),
      heldOut: Array.from({ length: 30 }, (_, i) => ({ iou: i / 100 })),
    });
    expect([...svg.matchAll(/class="held"[^>]*>([^<]+)</g)].map(([, words]) => words)).toEqual([
      "2.0 %",
      "5.0 %",
      "8.0 %",
      "11.0 %",
      "14.0 %",
      "17.0 %",
      "20.0 %",
      "23.0 %",
      "26.0 %",
      "29.0 %",
    ]);
    expect(svg).toContain("held-out IoU every 3 epochs");
  });
  it("has round marks", () => {
    expect(ticks(2.3)).toEqual([0, 1, 2]);
    expect(ticks(3, -2)).toEqual([-2, 0, 2]);
    expect(ticks(625)).toEqual([0, 200, 400, 600]);
  });
});

describe("figures", () => {
  it("come back from JSON, those that are no numbers as NaN", () => {
    const list: Figures[] = [{ loss: 1.25, distance: -3 }, { loss: NaN }, { loss: -Infinity }];
    const again = figuresAgain(JSON.parse(JSON.stringify(keptFigures(list))) as KeptFigures[]);
    expect(again).toEqual([{ loss: 1.25, distance: -3 }, { loss: NaN }, { loss: NaN }]);
  });
  it("are averaged by weight, each over those that have it", () => {
    expect(meanOf([{ a: 1, b: 8 }, { a: 3 }])).toEqual({ a: 2, b: 8 });
    expect(meanOf([{ a: 1 }, { a: 3 }], [3, 1])).toEqual({ a: 1.5 });
    expect(meanOf([])).toEqual({});
  });
  it.each([
    ["accuracy", 0.98765, "98.77 %"],
    ["loss", 0.12345, "0.1235"],
    ["loss", 123.456, "123.46"],
    ["loss", 0.00012345, "1.23e-4"],
    ["distance", -0.5, "-0.5000"],
    ["loss", 0, "0.0000"],
    ["loss", NaN, "NaN"],
  ])("%s %d is %s", (name, value, text) => expect(valueOf(name, value)).toBe(text));
});
