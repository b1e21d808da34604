// safetensors: bytes as the official writer makes them, every dtype, and no way in for malformed files.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ArgumentError, FormatError } from "../../src/base/errors.ts";
import { tensor } from "../../src/tensor/create.ts";
import { init, memory } from "../../src/tensor/device.ts";
import { inspectSafetensors, loadSafetensors, saveSafetensors } from "../../src/io/index.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { entryOf as entry, safetensorsFile as file } from "./files.ts";

describe.each(["cpu", "webgpu"] as const)("on %s", (device) => {
  beforeAll(async () => expect((await init({ device })).device).toBe(device));
  afterAll(async () => void (await init({ device: "cpu" })));

  it("gives back what it saved, values, shapes and dtypes", async () => {
    const dict: Record<string, Tensor> = {
      "layer.weight": tensor([
        [1.5, -2],
        [0.1, 3e-40],
      ]),
      step: tensor(7),
      index: tensor([1, -2, 2147483647], { dtype: "int32" }),
      bytes: tensor([0, 255], { dtype: "uint8" }),
      mask: tensor([true, false, true]),
      empty: tensor([], { shape: [0, 3] }),
    };
    const bytes = await saveSafetensors({ ...dict, turned: dict["layer.weight"]!.permute(1, 0) });
    const loaded = loadSafetensors(bytes);
    for (const [name, t] of Object.entries(dict)) {
      expect(loaded[name]!.dtype).toBe(t.dtype);
      expect(loaded[name]!.shape).toEqual(t.shape);
      expect(loaded[name]!.device.type).toBe(device);
      expect(await loaded[name]!.tolist()).toEqual(await t.tolist());
    }
    expect(await loaded["turned"]!.tolist()).toEqual(await dict["layer.weight"]!.permute(1, 0).tolist());
    expect(await saveSafetensors(new Map(Object.entries(loaded)))).toEqual(bytes);
  });
});

describe("saveSafetensors", () => {
  it("writes the bytes of the official writer", async () => {
    const bytes = await saveSafetensors(
      { b: tensor([1, 2]), "10": tensor([3]), a: tensor([true]), d: tensor([4], { dtype: "float64" }) },
      { metadata: { note: "hi" } },
    );
    const header = `{"__metadata__":{"format":"pt","note":"hi"},"d":{"dtype":"F64","shape":[1],"data_offsets":[0,8]},"10":{"dtype":"F32","shape":[1],"data_offsets":[8,12]},"b":{"dtype":"F32","shape":[2],"data_offsets":[12,20]},"a":{"dtype":"BOOL","shape":[1],"data_offsets":[20,21]}}`;
    const padded = header.padEnd(Math.ceil(header.length / 8) * 8, " ");
    const data = new Uint8Array([
      ...new Uint8Array(new Float64Array([4]).buffer),
      ...new Uint8Array(new Float32Array([3, 1, 2]).buffer),
      1,
    ]);
    expect(bytes).toEqual(file(padded, data));
    expect(inspectSafetensors(bytes).metadata).toEqual({ format: "pt", note: "hi" });
    expect(inspectSafetensors(bytes).tensors[0]).toEqual({ name: "d", dtype: "F64", shape: [1] });
  });

  it("refuses names that no reader would take", async () => {
    const x = tensor(1);
    for (const name of ["__proto__", "layer.__proto__.weight", "\ud800", "n".repeat(1025)]) {
      await expect(saveSafetensors(new Map([[name, x]])), name).rejects.toThrow(ArgumentError);
      await expect(saveSafetensors({}, { metadata: { [name]: "" } }), name).rejects.toThrow(ArgumentError);
    }
    await expect(saveSafetensors(new Map([[1 as unknown as string, x]]))).rejects.toThrow("the name 1 is number, not a string");
    await expect(saveSafetensors({ x }, { metadata: { note: "n".repeat(2 ** 24) } })).rejects.toThrow(
      "bytes of header, more than 16777216",
    );
    const many = new Map(Array.from({ length: 65537 }, (_, i) => [String(i), x]));
    await expect(saveSafetensors(many)).rejects.toThrow("65537 tensors, more than 65536");
  });

  it("refuses what the format cannot hold", async () => {
    await expect(saveSafetensors({ x: 1 as unknown as Tensor })).rejects.toThrow(ArgumentError);
    await expect(saveSafetensors({ __metadata__: tensor(1) })).rejects.toThrow("the name __metadata__ is not allowed");
    await expect(saveSafetensors({}, { metadata: { n: 1 as unknown as string } })).rejects.toThrow("n in metadata is no string");
  });
});

describe("loadSafetensors", () => {
  it("reads half, bfloat16 and integers of every width, at unaligned places", async () => {
    const [half, brain] = [
      [0x00, 0x3c, 0x01, 0x00, 0x00, 0xfc, 0xff, 0x7b],
      [0x80, 0x3f, 0x20, 0xc1],
    ];
    const wide = [...new Uint8Array(new BigInt64Array([-5n, 2147483647n]).buffer)];
    const data = [...half, ...brain, 0xff, 0xfe, 0xff, 0x34, 0x12, ...wide, 1, 0];
    const header = {
      half: entry("F16", [4], 0, 8), brain: entry("BF16", [2], 8, 12), i8: entry("I8", [1], 12, 13), i16: entry("I16", [1], 13, 15),
      u16: entry("U16", [1], 15, 17), i64: entry("I64", [2], 17, 33), yes: entry("BOOL", [2], 33, 35),
    }; // prettier-ignore
    for (const text of [JSON.stringify(header), JSON.stringify(header, null, 1)]) {
      const loaded = loadSafetensors(file(text, data));
      const lists = Object.fromEntries(await Promise.all(Object.entries(loaded).map(async ([k, t]) => [k, await t.tolist()] as const)));
      expect(lists).toEqual({
        half: [1, 2 ** -24, -Infinity, 65504],
        brain: [1, -10],
        i8: [-1],
        i16: [-2],
        u16: [0x1234],
        i64: [-5, 2147483647],
        yes: [true, false],
      });
    }
  });

  it("gives names that objects have a meaning for back as names", async () => {
    const names = ["constructor", "prototype", "toString", "hasOwnProperty", "valueOf", "__defineGetter__", "a.constructor.prototype.b"];
    const bytes = await saveSafetensors(new Map(names.map((name, i) => [name, tensor([i])])), {
      metadata: { constructor: "c", toString: "t" },
    });
    const loaded = loadSafetensors(bytes);
    expect(Object.keys(loaded).sort()).toEqual([...names].sort());
    for (const [i, name] of names.entries()) expect(await loaded[name]!.tolist()).toEqual([i]);
    const { metadata } = inspectSafetensors(bytes);
    expect(Object.entries(metadata)).toEqual([["format", "pt"], ["constructor", "c"], ["toString", "t"]]); // prettier-ignore
    expect([metadata["valueOf"], loaded["isPrototypeOf"]]).toEqual([undefined, undefined]);
  });

  it("reads from a window into a larger buffer and nothing beyond it", async () => {
    const inner = file({ x: entry("U8", [2], 0, 2) }, [7, 8]);
    const outer = new Uint8Array(inner.length + 20).fill(99);
    outer.set(inner, 5);
    expect(await loadSafetensors(outer.subarray(5, 5 + inner.length))["x"]!.tolist()).toEqual([7, 8]);
    expect(() => loadSafetensors(outer.subarray(5, 5 + inner.length - 1))).toThrow(FormatError);
  });

  const x = (e: object): Uint8Array => file({ x: e }, [0, 0, 0, 0, 0, 0, 0, 0]);
  const bad: readonly (readonly [string, Uint8Array, string])[] = [
    ["nothing", new Uint8Array(0), "too few"],
    ["a header beyond the file", file({}, [], 1000), "the header needs 1000 bytes, has 2 (the file is cut short)"],
    ["a huge header", file({}, [], 2 ** 40), "more than"],
    ["a header of 2^63 bytes", (() => { const b = file({}); b.fill(255, 0, 8); return b; })(), "more than"],
    ["a list as header", file("[]"), 'holds "[]" at character 0, where { belongs'],
    ["text that is not UTF-8", file("{\"\u0000\"", []).map((v, i) => (i === 10 ? 0xff : v)), "no UTF-8"],
    ["padding with newlines", file("{}\n\n"), 'holds "\\n\\n" at character 2, where the end belongs'],
    ["NUL padding", file("{}\0\0\0\0\0\0"), "at character 2, where the end belongs"],
    ["a header cut short", file('{"x":{"dtype":"F32"'), 'holds "" at character 19, where } belongs'],
    ["a name twice", file('{"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', [1]), "has x twice"],
    ["a name twice, once escaped", file('{"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"\\u0078":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', [1]), "has x twice"],
    ["a field twice", file('{"x":{"dtype":"U8","dtype":"U8","shape":[1],"data_offsets":[0,1]}}', [1]), "has dtype twice"],
    ["the name __proto__", file('{"__proto__":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', [1]), "not allowed"],
    ["an overlong name", file({ ["n".repeat(1025)]: entry("U8", [1], 0, 1) }, [1]), "1025 characters"],
    ["null as entry", file('{"x":null}'), 'holds "null}" at character 5, where { belongs'],
    ["a list as entry", file('{"x":[]}'), "where { belongs"],
    ["an unknown field", x({ ...entry("F32", [2], 0, 8), strides: [1] }), "unknown field strides"],
    ["an entry without dtype", x({ shape: [2], data_offsets: [0, 8] }), "lacks dtype"],
    ["three offsets", x({ dtype: "F32", shape: [2], data_offsets: [0, 8, 8] }), "3 data_offsets of x, more than 2"],
    ["an unknown dtype", x(entry("F31", [2], 0, 8)), "unknown dtype F31"],
    ["the dtype toString", x(entry("toString", [2], 0, 8)), "unknown dtype toString"],
    ["a dtype that cannot be held", file({ x: entry("F8_E5M2", [2], 0, 2) }, [0, 0]), "cannot be held"],
    ["negative offsets", x(entry("F32", [2], -8, 0)), 'holds "-8,0]}}"'],
    ["a fractional size", x(entry("F32", [2.5], 0, 8)), 'holds "2.5],'],
    ["a size in exponent form", file('{"x":{"dtype":"F32","shape":[1e308],"data_offsets":[0,8]}}', [0, 0, 0, 0, 0, 0, 0, 0]), 'holds "1e308],'],
    ["a size beyond 2^53", file('{"x":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,8]}}', [0, 0, 0, 0, 0, 0, 0, 0]), "99999999999999999999 is not below 2^53"],
    ["a product beyond 2^53", x(entry("F32", [2 ** 30, 2 ** 30], 0, 8)), "needs 4611686018427388000 bytes"],
    ["a shape larger than its range", x(entry("F32", [1000, 1000], 0, 8)), "needs 4000000 bytes"],
    ["nine dimensions", x(entry("F32", [1, 1, 1, 1, 1, 1, 1, 1, 2], 0, 8)), "9 dimensions"],
    ["a range beyond the file", file({ x: entry("U8", [9], 0, 9) }, [1, 2, 3]), "the data needs 9 bytes, has 3"],
    ["a gap", file({ x: entry("U8", [1], 0, 1), y: entry("U8", [1], 2, 3) }, [1, 2, 3]), "the data before y needs 1 bytes, has 2"],
    ["overlapping tensors", file({ x: entry("U8", [2], 0, 2), y: entry("U8", [2], 1, 3) }, [1, 2, 3]), "the data before y needs 2 bytes, has 1"],
    ["trailing bytes", file({ x: entry("U8", [1], 0, 1) }, [1, 2]), "the data needs 1 bytes, has 2"],
    ["metadata that is no text", file({ __metadata__: { a: 1 } }), 'holds "1}}" at character 21, where " belongs'],
    ["a number with a leading zero", file('{"x":{"dtype":"U8","shape":[01],"data_offsets":[0,1]}}', [1]), 'holds "01],'],
    ["a comma too many", file('{"x":{"dtype":"U8","shape":[1,],"data_offsets":[0,1]}}', [1]), "where a whole number belongs"],
    ["a control character in a name", file('{"a\tb":{}}'), "where a text in quotes belongs"],
    ["a name that ends in the middle of an escape", file('{"a\\'), 'where " belongs'],
    ["half a surrogate pair as a name", file('{"\\ud800":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', [1]), "is not allowed"],
    ["the name __proto__, escaped", file('{"__pr\\u006fto__":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', [1]), "not allowed"],
    ["the name __proto__ on a path", file({ "a.__proto__.b": entry("U8", [1], 0, 1) }, [1]), 'the name "a.__proto__.b" is not allowed'],
    ["the name __proto__ in metadata", file('{"__metadata__":{"__proto__":"a"}}'), "not allowed"],
    ["the field __proto__", file('{"x":{"__proto__":{},"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', [1]), "not allowed"],
    ["the field constructor", file('{"x":{"constructor":{},"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', [1]), "unknown field constructor"],
    ["more elements than tensors have", file({ x: entry("U8", [2 ** 31, 0], 0, 0), y: entry("U8", [2 ** 31], 0, 2 ** 31) }), "2147483648 elements of y, more than 2147483647"],
    ["eight million brackets", file(`{"x":${"[".repeat(2 ** 23)}`), 'holds "[[[[[[[[[[[[[[[[" at character 5, where { belongs'],
    ["eight million brackets in a shape", file(`{"x":{"shape":${"[".repeat(2 ** 23)}`), "at character 15, where a whole number belongs"],
    ["a million dimensions", file(`{"x":{"shape":[${"1,".repeat(2 ** 20)}`), "9 dimensions of x, more than 8"],
    ["a million fields", file(`{"x":{${'"shape":[],'.repeat(2 ** 20)}`), "has shape twice"],
    ["a hundred thousand tensors", file(`{${Array.from({ length: 1e5 }, (_, i) => `"${i}":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}`).join()}}`), "65537 tensors, more than 65536"],
    ["a name of eight million characters", file(`{"${"\\\\".repeat(2 ** 22)}":1}`), "4194304 characters in a name"],
    ["an integer beyond int32", file({ x: entry("I64", [1], 0, 8) }, [0, 0, 0, 128, 0, 0, 0, 0]), "no int32"],
    ["a truth value of 2", file({ x: entry("BOOL", [1], 0, 1) }, [2]), "no bool"],
  ]; // prettier-ignore
  it.each(bad)("refuses %s", (_, bytes, message) => {
    const before = memory();
    const load = (): unknown => loadSafetensors(bytes);
    expect(load).toThrow(FormatError);
    expect(load).toThrow(message);
    expect(memory()).toEqual(before);
  });

  it("answers thousands of damaged files with a FormatError or a sound result", async () => {
    const sound = await saveSafetensors({
      a: tensor([
        [1, 2],
        [3, 4],
      ]),
      b: tensor([5, 6], { dtype: "int32" }),
      c: tensor([true]),
    });
    let state = 1;
    const random = (n: number): number => (state = (Math.imul(state, 1103515245) + 12345) >>> 0) % n;
    let refused = 0;
    for (let i = 0; i < 4000; i++) {
      let bytes = sound.slice();
      for (let k = random(3); k >= 0; k--) {
        const at = random(bytes.length);
        if (random(4) === 0) bytes = bytes.slice(0, at + 1);
        else if (random(2) === 0) bytes[at] = random(256);
        else bytes[at] = '0123456789{}[],:"'.charCodeAt(random(17));
      }
      try {
        const size = Object.values(loadSafetensors(bytes)).reduce((n, t) => n + t.numel(), 0);
        expect(size).toBeLessThanOrEqual(bytes.length);
      } catch (error) {
        expect(error).toBeInstanceOf(FormatError);
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(1000);
  });
});
