// Index tables: kept by key within a budget, those used longest ago go first.
import { expect, it } from "vitest";
import { denseView } from "../../src/device/device.ts";
import { cpu, elements } from "../../src/device/cpu.ts";
import { tablesOf } from "../../src/device/webgpu/tables.ts";

it("tables go by the time of their last use, only when trimmed, and are made anew when they are not sound", () => {
  const made: string[] = [];
  let broken = "";
  const tables = tablesOf(
    (data) => denseView(cpu, "int32", [data.length], cpu.upload("int32", data)),
    (table) => String(elements(table)[0]) !== broken,
    () => 3 * 4 * 10,
  );
  const get = (key: number): void =>
    void tables.get(String(key), () => {
      made.push(String(key));
      return new Int32Array(10).fill(key);
    });
  for (const key of [1, 2, 3, 4, 1]) get(key);
  expect(made).toEqual(["1", "2", "3", "4"]);
  tables.trim();
  for (const key of [1, 4, 3]) get(key);
  expect(made).toEqual(["1", "2", "3", "4"]);
  get(2);
  tables.trim();
  for (const key of [4, 3, 2]) get(key);
  expect(made).toEqual(["1", "2", "3", "4", "2"]);
  broken = "3";
  get(3);
  get(4);
  expect(made).toEqual(["1", "2", "3", "4", "2", "3"]);
});

it("a table that goes gives its storage back", () => {
  const tables = tablesOf(
    (data) => denseView(cpu, "int32", [data.length], cpu.upload("int32", data)),
    () => true,
    () => 0,
  );
  const { storage } = tables.get("a", () => new Int32Array(3));
  tables.trim();
  expect(() => storage.memory).toThrow("its memory was released");
});
