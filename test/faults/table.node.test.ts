// Every entry point of WebGPU, failing in every way it can, at every moment of a training. FAULT_TABLE=1 prints what came of it.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Cell, cellsOf, census, collect, disturbed, onDevice, titleOf } from "./cells.ts";
import { entries, FaultyGpu } from "./gpu.ts";
import { type Reference, undisturbed } from "./workload.ts";

let reference: Reference;
let cells: readonly Cell[];
/** How many cells ended in which way, by entry point and kind. */
const tally = new Map<string, Record<string, number>>();

beforeAll(async () => {
  // With the collector at hand, memory that is not given back is told from memory that is not collected yet.
  setFlagsFromString("--expose-gc");
  Object.assign(globalThis, { gc: runInNewContext("gc") as () => void });
  reference = await onDevice(new FaultyGpu(), undisturbed);
  cells = cellsOf(await census());
  await collect(() => false);
});

afterAll(() => {
  if (process.env["FAULT_TABLE"] === undefined) return;
  const total = (result: string): number => [...tally.values()].reduce((sum, row) => sum + (row[result] ?? 0), 0);
  console.table(Object.fromEntries(tally));
  console.log(`${cells.length} cells: ${["equal", "typed", "reloaded"].map((result) => `${total(result)} ${result}`).join(", ")}`);
});

const later = entries.filter((entry) => !/requestAdapter|requestDevice/.test(entry));

it("the table is whole: at least 150 cells, every entry point among them", () => {
  expect(cells.length).toBeGreaterThanOrEqual(150);
  expect([...new Set(cells.map(({ fault }) => fault.entry))].sort()).toEqual([...later].sort());
});

it.each(later)("%s", { timeout: 600_000 }, async (entry) => {
  const wrong: string[] = [];
  for (const cell of cells.filter(({ fault }) => fault.entry === entry)) {
    const outcome = await disturbed(cell, reference);
    const row = `${entry} ${cell.fault.kind}`;
    const counts = tally.get(row) ?? {};
    counts[outcome.result] = (counts[outcome.result] ?? 0) + 1;
    tally.set(row, counts);
    for (const what of outcome.wrong) wrong.push(`${titleOf(cell)}: ${what}`);
  }
  expect(wrong).toEqual([]);
});
