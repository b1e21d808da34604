// Node's Buffers, which are windows into a pool that others use, and bytes of another realm.
import { createContext, runInContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { tensor } from "../../src/tensor/create.ts";
import { loadIdx, parseIdx } from "../../src/io/index.ts";
import { inspectSafetensors, loadSafetensors, saveSafetensors } from "../../src/io/index.ts";
import { onEveryDevice } from "../devices.ts";
import { gzipped, idxFile } from "./files.ts";

onEveryDevice(() => {
  it("loadSafetensors reads a Buffer of Node's pool", async () => {
    const bytes = await saveSafetensors({ x: tensor(3), y: tensor([1, -2]) });
    const pooled = Buffer.from(bytes);
    expect(pooled.byteOffset + pooled.buffer.byteLength).toBeGreaterThan(bytes.length);
    const { x, y } = loadSafetensors(pooled);
    expect(await x!.item()).toBe(3);
    expect(await y!.tolist()).toEqual([1, -2]);
    expect(inspectSafetensors(pooled).tensors.map((t) => t.name)).toEqual(["x", "y"]);
  });

  it("parseIdx leaves the Buffers beside its own as they were", async () => {
    const file = idxFile(0x0c, [2], [0, 0, 1, 0, 0, 0, 0, 7]);
    const [before, pooled, after] = [Buffer.from("before"), Buffer.from(file), Buffer.from("after")];
    expect([...(await parseIdx(pooled)).data]).toEqual([256, 7]);
    expect([before.toString(), after.toString(), [...pooled]]).toEqual(["before", "after", [...file]]);
    expect(await (await loadIdx(Buffer.from(await gzipped(file)))).tolist()).toEqual([256, 7]);
  });
});

describe("bytes of another realm", () => {
  it.each(["bytes", "bytes.buffer", "new DataView(bytes.buffer)"])("%s are read", async (form) => {
    const given = await saveSafetensors({ x: tensor([4]) });
    const context = createContext({ given: [...given] });
    const other = runInContext(`const bytes = Uint8Array.from(given); ${form}`, context) as Uint8Array;
    expect(other).not.toBeInstanceOf(Object);
    expect(await loadSafetensors(other)["x"]!.tolist()).toEqual([4]);
    const idx = createContext({ given: [...idxFile(8, [2], [9, 8])] });
    expect(await (await loadIdx(runInContext(`const bytes = Uint8Array.from(given); ${form}`, idx) as Uint8Array)).tolist()).toEqual([
      9, 8,
    ]);
  });
});
