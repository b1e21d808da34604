// The digits in demo/public/mnist: four gzipped IDX files, checked byte by byte before anything is trained on them.
import { parseIdx } from "../../src/extra/index.ts";
import { FormatError } from "../../src/index.ts";

/** Images as bytes, 784 each, row by row; labels beside them. */
export interface DigitSet {
  readonly count: number;
  readonly pixels: Uint8Array;
  readonly labels: Uint8Array;
}

export interface Digits {
  readonly train: DigitSet;
  readonly heldOut: DigitSet;
}

/** Reads one of the files by name. It may come unpacked: servers may send .gz files with Content-Encoding, and then the browser unpacks them. */
export type ReadFile = (name: string) => Promise<Uint8Array<ArrayBuffer>>;

/** A file that is missing or is not what it should be; the message names the file and the remedy. */
export class DataError extends Error {
  override readonly name = "DataError";
}

export const SIDE = 28;
export const PIXELS = SIDE * SIDE;
export const CLASSES = 10;

/** Loads the 8,000 training and 2,000 held-out digits. Errors: DataError. */
export async function loadDigits(read: ReadFile): Promise<Digits> {
  const [train, heldOut] = await Promise.all([loadSet("train", read), loadSet("t10k", read)]);
  return { train, heldOut };
}

/** The first `count` digits of a set; the set itself when it has no more. */
export function firstDigits(set: DigitSet, count: number): DigitSet {
  if (count >= set.count) return set;
  return { count, pixels: set.pixels.subarray(0, count * PIXELS), labels: set.labels.subarray(0, count) };
}

async function loadSet(prefix: string, read: ReadFile): Promise<DigitSet> {
  const names = [`${prefix}-images-idx3-ubyte.gz`, `${prefix}-labels-idx1-ubyte.gz`] as const;
  const [images, labels] = await Promise.all([readIdx(names[0], read), readIdx(names[1], read)]);
  const [count = 0, height, width] = images.sizes;
  if (images.sizes.length !== 3 || height !== SIDE || width !== SIDE)
    throw new DataError(`${names[0]}: holds an array of ${images.sizes.join(" × ")}, images of ${SIDE} × ${SIDE} are needed`);
  if (labels.sizes.length !== 1 || labels.sizes[0] !== count)
    throw new DataError(`${names[1]}: holds ${labels.sizes.join(" × ")} labels for ${count} images`);
  if (count === 0) throw new DataError(`${names[0]}: holds no images`);
  const wrong = labels.bytes.findIndex((label) => label >= CLASSES);
  if (wrong >= 0) throw new DataError(`${names[1]}: label ${wrong} is ${labels.bytes[wrong]}, digits end at 9`);
  return { count, pixels: images.bytes, labels: labels.bytes };
}

async function readIdx(name: string, read: ReadFile): Promise<{ sizes: readonly number[]; bytes: Uint8Array }> {
  const file = await read(name);
  try {
    const { data, shape, dtype } = await parseIdx(file);
    if (dtype !== "uint8") throw new FormatError(`holds ${dtype}, bytes are needed`, "", "parseIdx");
    return { sizes: shape, bytes: data as Uint8Array };
  } catch (error) {
    if (error instanceof FormatError) throw new DataError(`${name}: is damaged or no IDX file (restore it): ${error.message}`);
    throw error;
  }
}
