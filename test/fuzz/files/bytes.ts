// Damage to a file: at random, and aimed at what its format says.
import type { Rng } from "../random.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const joined = (...parts: readonly Uint8Array[]): Bytes => {
  const out = new Uint8Array(parts.reduce((n, { length }) => n + length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
};
const place = (rng: Rng, { length }: Bytes): number => rng.int(0, Math.max(0, length - 1));
const noise = (rng: Rng, n: number): Bytes => Uint8Array.from({ length: n }, () => rng.int(0, 255));

const damages: readonly ((rng: Rng, bytes: Bytes) => Bytes)[] = [
  (rng, bytes) => {
    const at = place(rng, bytes);
    bytes[at] = bytes[at]! ^ (1 << rng.int(0, 7));
    return bytes;
  },
  (rng, bytes) => {
    bytes[place(rng, bytes)] = rng.pick([0, 1, 0x20, 0x22, 0x5b, 0x7b, 0x7d, 0x7f, 0x80, 0xff]);
    return bytes;
  },
  (rng, bytes) => bytes.slice(0, place(rng, bytes)),
  (rng, bytes) => joined(bytes, noise(rng, rng.int(1, 9))),
  (rng, bytes) => {
    const at = place(rng, bytes);
    return joined(bytes.subarray(0, at), noise(rng, rng.int(1, 9)), bytes.subarray(at));
  },
  (rng, bytes) => {
    const at = place(rng, bytes);
    return joined(bytes.subarray(0, at), bytes.subarray(at + rng.int(1, 9)));
  },
  (rng, bytes) => {
    const [at, from] = [place(rng, bytes), place(rng, bytes)];
    return joined(bytes.subarray(0, at), bytes.subarray(from, from + rng.int(1, 40)), bytes.subarray(at));
  },
  // The first words hold lengths, magic numbers and counts.
  (rng, bytes) => {
    for (let k = rng.int(1, 3); k > 0; k--) bytes[rng.int(0, Math.min(15, Math.max(0, bytes.length - 1)))] = rng.pick([0, 1, 2, 3, 8, 9, 13, 14, 127, 128, 255]); // prettier-ignore
    return bytes;
  },
];

/** The bytes with one to three damages. */
export function damaged(rng: Rng, bytes: Bytes): Bytes {
  let out = bytes.slice();
  for (let k = rng.pick([1, 1, 2, 3]); k > 0; k--) out = rng.pick(damages)(rng, out);
  return out;
}

const names = ["__proto__", "constructor", "toString", "hasOwnProperty", "length", "", "a", "0", "__metadata__", "model.0.weight", "a\\u0000b"]; // prettier-ignore
const tokens = ["0", "-1", "1", "1.5", "4294967296", "9007199254740993", "1e400", "-0", "null", "true", "{}", "[]", '"F32"', '"F64"', '"BOOL"', '"I64"', '"BF16"', '"F9"', "[0,0]", "[1e9,1e9]", "[[[[]]]]", '"\\ud800"']; // prettier-ignore

/** JSON text with a token, a name or a separator exchanged; parsed again it may be anything. */
export function edited(rng: Rng, text: string): string {
  const kinds: readonly (readonly [RegExp, () => string])[] = [
    [/-?\d+(\.\d+)?(e[+-]?\d+)?/g, () => rng.pick(tokens)],
    [/"[^"\\]*":/g, () => `"${rng.pick(names)}":`],
    [/"[^"\\]*"(?!:)/g, () => (rng.chance(0.5) ? rng.pick(tokens) : `"${rng.pick(names)}"`)],
    [/\{[^{}]*\}/g, () => rng.pick(tokens)],
    [/\[[^[\]]*\]/g, () => rng.pick(tokens)],
    [/[,:{}[\]]/g, () => rng.pick([",", ":", "{", "}", "[", "]", ""])],
    [/,"/g, () => `,"${rng.pick(names)}":${rng.pick(tokens)},"`],
  ];
  const [pattern, make] = rng.pick(kinds);
  const found = [...text.matchAll(pattern)];
  if (found.length === 0) return text;
  const { index, 0: old } = rng.pick(found);
  return text.slice(0, index) + make() + text.slice(index + old.length);
}

/** A safetensors file with its header's text changed and its length set right, or nearly. */
export function withHeader(rng: Rng, bytes: Bytes, change: (text: string) => string): Bytes {
  const length = new DataView(bytes.buffer).getUint32(0, true);
  const text = change(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
  const head = new TextEncoder().encode(text);
  const size = new Uint8Array(8);
  new DataView(size.buffer).setUint32(0, head.length + (rng.chance(0.1) ? rng.int(-8, 8) : 0), true);
  return joined(size, head, bytes.subarray(8 + length));
}
