// Arguments nobody should pass, among some that fit.
import { tensor, zeros } from "../../../src/tensor/create.ts";
import type { DeviceName } from "../../../src/tensor/device.ts";
import type { Rng } from "../random.ts";

type Make = (device: DeviceName) => unknown;

const released: Make = (device) => {
  const x = tensor([1, 2], { device });
  x.dispose();
  return x;
};

/** Kinds of values, as text and as makers: all but those that not even a message can hold. Numbers are small, or too large to be tried. */
const kinds: readonly (readonly [string, Make])[] = [
  ...[0, 1, 2, -1, 3, 0.5, -1.5, NaN, Infinity, -Infinity, -0, 2 ** 40, 2 ** 53, -(2 ** 40), 1e300].map((v): [string, Make] => [String(v), () => v]), // prettier-ignore
  ...["", "text", "cpu", "float32", "int32", "sum", "none", "__proto__", "...", "tanh"].map((v): [string, Make] => [JSON.stringify(v), () => v]), // prettier-ignore
  ...[null, undefined, true, false].map((v): [string, Make] => [String(v), () => v]),
  ["{}", () => ({})],
  ["{ dim: 0 }", () => ({ dim: 0 })],
  ["{ dim: 'text' }", () => ({ dim: "text" })],
  ["{ dtype: 'int32' }", () => ({ dtype: "int32" })],
  ["{ device: 'toaster' }", () => ({ device: "toaster" })],
  ["{ requiresGrad: true }", () => ({ requiresGrad: true })],
  ["{ reduction: 'sum' }", () => ({ reduction: "sum" })],
  ["{ stride: 0 }", () => ({ stride: 0 })],
  ["{ p: 2, lr: 'x' }", () => ({ p: 2, lr: "x" })],
  ["[]", () => []],
  ["[0]", () => [0]],
  ["[1, 2]", () => [1, 2]],
  ["[2, 3]", () => [2, 3]],
  ["[-1]", () => [-1]],
  ["[null]", () => [null]],
  ["[NaN, 'a']", () => [NaN, "a"]],
  ["[[1], [2, 3]]", () => [[1], [2, 3]]],
  ["[tensor]", (device) => [tensor([1, 2], { device })]],
  ["[tensor, null]", (device) => [tensor([1, 2], { device }), null]],
  ["new Array(3)", () => new Array(3)],
  ["10n", () => 10n],
  ["() => 1", () => () => 1],
  ["(x) => x", () => (x: unknown) => x],
  ["async () => {}", () => async () => {}],
  ["new Date(0)", () => new Date(0)],
  ["new Map([['a', 1]])", () => new Map([["a", 1]])],
  ["new Set([1])", () => new Set([1])],
  ["/x/", () => /x/],
  ["Promise.resolve(1)", () => Promise.resolve(1)],
  ["new Uint8Array(4)", () => new Uint8Array(4)],
  ["new Float32Array([1, NaN])", () => Float32Array.of(1, NaN)],
  ["new ArrayBuffer(9)", () => new ArrayBuffer(9)],
  ["tensor(0.5)", (device) => tensor(0.5, { device })],
  ["tensor([1, 2], grad)", (device) => tensor([1, 2], { device, requiresGrad: true })],
  ["tensor [2, 3]", (device) => tensor([[1, 2, 3], [4, 5, 6]], { device })], // prettier-ignore
  ["tensor int32 [3]", (device) => tensor([0, 1, -1], { dtype: "int32", device })],
  ["tensor bool [2, 3]", (device) => tensor([[true, false, true], [true, true, false]], { device })], // prettier-ignore
  ["tensor [0, 3]", (device) => zeros([0, 3], { device })],
  ["tensor [1, 2, 4, 4]", (device) => zeros([1, 2, 4, 4], { device })],
  ["expanded tensor", (device) => tensor([[1], [2]], { device }).expand(2, 3)],
  ["released tensor", released],
  ["tensor on the CPU", () => tensor([1, 2], { device: "cpu" })],
  ["tensor of NaN", (device) => tensor([NaN, Infinity], { device })],
];

export interface Argument {
  readonly text: string;
  readonly value: unknown;
}

/** Up to five arguments; tensors more often than anything else, and mostly in front. */
export function aliens(rng: Rng, device: DeviceName): Argument[] {
  const fitting = kinds.filter(([text]) => text.includes("tensor"));
  return Array.from({ length: rng.pick([0, 1, 1, 2, 2, 3, 3, 4, 5]) }, (_, i) => {
    const [text, make] = rng.pick(i === 0 ? (rng.chance(0.7) ? fitting : kinds) : rng.chance(0.3) ? fitting : kinds);
    return { text, value: make(device) };
  });
}
