// Sums of products against plain loops, and what they cost.
import { beforeAll, describe, expect, it } from "vitest";
import * as w from "../../src/index.ts";
import { Rng } from "../fuzz/random.ts";

beforeAll(async () => {
  expect((await w.init({ device: "webgpu" })).device).toBe("webgpu");
});

interface Case {
  readonly inputs: readonly string[];
  readonly output: string;
  readonly shapes: readonly (readonly number[])[];
}

/** A random expression of up to four operands, with diagonals, sums over letters of one operand, and sizes of 1 that broadcast. */
function drawn(rng: Rng): Case {
  const letters = rng.shuffled(Array.from("abcdXYZ")).slice(0, rng.int(2, 6));
  const sizes = new Map(letters.map((letter) => [letter, rng.int(1, 4)]));
  const inputs = Array.from({ length: rng.int(1, 4) }, () => Array.from({ length: rng.int(0, 4) }, () => rng.pick(letters)).join(""));
  const used = [...new Set(inputs.join(""))];
  const output = rng.shuffled(used).slice(0, rng.int(0, used.length)).join("");
  const shapes = inputs.map((list) => {
    const narrow = rng.chance(0.2) ? rng.pick(letters) : "";
    return Array.from(list).map((letter) => (letter === narrow ? 1 : sizes.get(letter)!));
  });
  return { inputs, output, shapes };
}

/** The definition: for every value of every letter one product. */
function looped({ inputs, output, shapes }: Case, data: readonly ArrayLike<number>[]): { shape: number[]; values: number[] } {
  const letters = [...new Set(output + inputs.join(""))];
  const places = inputs.flatMap((list, i) => Array.from(list).map((letter, d) => [letter, shapes[i]![d]!] as const));
  const sizes = letters.map((letter) => Math.max(...places.flatMap(([at, size]) => (at === letter ? size : []))));
  const shape = Array.from(output).map((letter) => sizes[letters.indexOf(letter)]!);
  const values = new Array<number>(shape.reduce((n, d) => n * d, 1)).fill(0);
  const at = letters.map(() => 0);
  const offset = (list: string, sizes: readonly number[]): number =>
    Array.from(list).reduce((sum, letter, d) => sum * sizes[d]! + (sizes[d] === 1 ? 0 : at[letters.indexOf(letter)]!), 0);
  for (let n = sizes.reduce((product, d) => product * d, 1); n > 0; n--) {
    values[offset(output, shape)]! += inputs.reduce((product, list, i) => product * data[i]![offset(list, shapes[i]!)]!, 1);
    for (let d = letters.length - 1; d >= 0 && ++at[d]! === sizes[d]; d--) at[d] = 0;
  }
  return { shape, values };
}

describe.each(["cpu", "webgpu"] as const)("einsum on %s", (device) => {
  it.each(Array.from({ length: 60 }, (_, seed) => seed))("is what loops give, seed %d", async (seed) => {
    const rng = new Rng(seed, 7);
    const c = drawn(rng);
    const spaced = rng.chance(0.3) ? " " : "";
    const equation = `${c.inputs.join(`${spaced},${spaced}`)}${spaced}->${c.output}`;
    const operands = c.shapes.map((shape) => {
      const n = shape.reduce((product, d) => product * d, 1);
      // Small whole numbers, whose sums are exact.
      const values = Float32Array.from({ length: n }, () => rng.int(-3, 3));
      return w.tensor(values, { shape, device });
    });
    const data = await Promise.all(operands.map((x) => x.array()));
    const expected = looped(c, data);
    const result = w.einsum(equation, ...operands);
    expect([equation, result.shape]).toEqual([equation, expected.shape]);
    const found = Array.from((await result.array()) as Float32Array);
    expect(found.map((v) => v + 0)).toEqual(expected.values.map((v) => v + 0));
  });
});

describe("einsum costs", () => {
  const cost = async (fn: () => w.Tensor): Promise<number> => {
    await fn().array();
    const before = w.stats().dispatches;
    await fn().array();
    return w.stats().dispatches - before;
  };
  const [q, k, v] = ["q", "k", "v"].map(() => () => w.randn(2, 3, 5, 4)) as [() => w.Tensor, () => w.Tensor, () => w.Tensor];

  it("as many dispatches for attention as the product of the transposed", async () => {
    const [x, y] = [q(), k()];
    const plain = await cost(() => x.matmul(y.mT()));
    expect(plain).toBe(1);
    expect(await cost(() => w.einsum("bhid,bhjd->bhij", x, y))).toBe(plain);
    expect(await cost(() => w.einsum("bqhd,bkhd->bhqk", x, y))).toBe(plain);
    const weights = w.randn(2, 3, 5, 5);
    expect(await cost(() => w.einsum("bhij,bhjd->bhid", weights, v()))).toBe(plain);
  });

  it.each([
    ["ij->ji", [[3, 4]], 0],
    ["ii->i", [[4, 4]], 0],
    ["ij->", [[3, 4]], 1],
    ["ij,ij->ij", [[3, 4], [3, 4]], 1],
    ["i,j->ij", [[3], [4]], 1],
    ["ij,jk->ki", [[3, 4], [4, 5]], 1],
    ["bij,jk->bik", [[2, 3, 4], [4, 5]], 1],
    ["bthd,hde->bte", [[2, 3, 2, 4], [2, 4, 5]], 1],
    ["...ij,...jk->...ik", [[2, 3, 4], [2, 4, 5]], 1],
    // The second operand is copied: its own dimensions lie on both sides of the one that is summed.
    ["...ij,...jk->...ik", [[2, 1, 3, 4], [1, 3, 4, 5]], 2],
    ["ij,jk,kl->il", [[2, 3], [3, 4], [4, 2]], 2],
  ] as const)("%s of %j takes %i dispatches", async (equation, shapes, dispatches) => {
    const operands = shapes.map((shape) => w.randn([...shape]));
    const before = w.stats().dispatches;
    w.einsum(equation, ...operands);
    await w.sync();
    expect(w.stats().dispatches - before).toBe(dispatches);
  }); // prettier-ignore

  it("multiplies in the order of the smallest products", () => {
    const shapes = [[40, 2], [2, 40], [40, 2]] as const; // prettier-ignore
    const operands = shapes.map((shape) => w.randn([...shape], { device: "cpu", requiresGrad: true }));
    const { nodes } = w.inspect.graphOf(w.einsum("ij,jk,kl->il", ...operands));
    expect(nodes.map(({ shape }) => String(shape))).not.toContain("40,40");
  });
});
