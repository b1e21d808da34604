// The digits in demo/public/mnist: four gzipped IDX files, checked byte by byte before anything is trained on them. Images can be used as they come.
import { parseIdx } from "../../src/io/index.ts";
import { FormatError } from "../../src/index.ts";

/** Images as bytes, 784 each, row by row; labels beside them. */
export interface DigitSet {
  readonly count: number;
  readonly pixels: Uint8Array;
  readonly labels: Uint8Array;
}

export interface Digits<Set extends DigitSet = DigitSet> {
  readonly train: Set;
  readonly heldOut: Set;
}

type Bytes = Uint8Array<ArrayBuffer>;

/** Opens one of the files by name. It may come unpacked: servers may send .gz files with Content-Encoding, and then the browser unpacks them. */
export type OpenFile = (name: string) => Promise<ReadableStream<Bytes>>;

/** A file that is missing or is not what it should be; the message names the file and the remedy. */
export class DataError extends Error {
  override readonly name = "DataError";
}

export const SIDE = 28;
export const PIXELS = SIDE * SIDE;
export const CLASSES = 10;

/** Digits enough to begin a training with. */
export const PART = 1000;

const IMAGES_HEADER = 16;
/** Magic number of an IDX file of bytes in three dimensions. */
const IMAGES_MAGIC = 0x803;

/** Loads the 8,000 training and 2,000 held-out digits. Errors: DataError. */
export async function loadDigits(open: OpenFile): Promise<Digits> {
  const { train, heldOut } = await openDigits(open);
  await Promise.all([train.until(train.count), heldOut.until(heldOut.count)]);
  return { train, heldOut };
}

/** The digits as they come: first a part to train on, then the others. `onArrival` is told after each piece. Errors: DataError for the labels; for the images, `until` says it. */
export async function openDigits(open: OpenFile, onArrival?: (digits: Digits<ArrivingDigits>) => void): Promise<Digits<ArrivingDigits>> {
  const [first, second] = await Promise.all([labelsOf("train", open), labelsOf("t10k", open)]);
  const tell = (): void => onArrival?.(digits);
  const digits = { train: new ArrivingDigits("train", first, tell), heldOut: new ArrivingDigits("t10k", second, tell) };
  const { train, heldOut } = digits;
  train.receive(open);
  // Nobody waits for the held-out digits before the first part is there.
  void train.until(Math.min(PART, train.count)).then(
    () => heldOut.receive(open),
    (error: unknown) => heldOut.fail(error),
  );
  return digits;
}

/** The first `count` digits of a set; the set itself when it has no more. */
export function firstDigits(set: DigitSet, count: number): DigitSet {
  if (count >= set.count) return set;
  return { count, pixels: set.pixels.subarray(0, count * PIXELS), labels: set.labels.subarray(0, count) };
}

/** A set whose labels are there and whose images are still coming, in order. */
export class ArrivingDigits implements DigitSet {
  readonly count: number;
  readonly labels: Uint8Array;
  readonly pixels: Bytes;
  readonly #name: string;
  readonly #onArrival: () => void;
  #waiting: { readonly count: number; readonly resolve: () => void; readonly reject: (error: Error) => void }[] = [];
  #bytes = 0;
  #failure: Error | undefined;

  constructor(prefix: string, labels: Uint8Array, onArrival: () => void) {
    this.#name = `${prefix}-images-idx3-ubyte.gz`;
    this.count = labels.length;
    this.labels = labels;
    this.pixels = new Uint8Array(labels.length * PIXELS);
    this.#onArrival = onArrival;
  }

  /** Images that are there. */
  get arrived(): number {
    return Math.floor(this.#bytes / PIXELS);
  }

  /** Resolves when the first `count` images are there. Errors: DataError when they will not come. */
  until(count: number): Promise<void> {
    if (this.arrived >= count) return Promise.resolve();
    if (this.#failure) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => this.#waiting.push({ count, resolve, reject }));
  }

  /** Begins to take the images in. */
  receive(open: OpenFile): void {
    this.#fill(open).catch((error: unknown) => this.fail(error));
  }

  /** No more images will come. */
  fail(error: unknown): void {
    this.#failure = error instanceof Error ? error : new DataError(`${this.#name}: ${String(error)}`);
    for (const { reject } of this.#waiting.splice(0)) reject(this.#failure);
  }

  async #fill(open: OpenFile): Promise<void> {
    const header = new Uint8Array(IMAGES_HEADER);
    let seen = 0;
    for await (const piece of unpacked(await open(this.#name), this.#name)) {
      const taken = Math.min(piece.length, IMAGES_HEADER - seen);
      header.set(piece.subarray(0, taken), seen);
      if (seen < IMAGES_HEADER && (seen += taken) === IMAGES_HEADER) this.#check(new DataView(header.buffer));
      const pixels = piece.subarray(taken);
      if (this.#bytes + pixels.length > this.pixels.length) throw this.#damaged(`holds more than ${this.count} images`);
      this.pixels.set(pixels, this.#bytes);
      this.#bytes += pixels.length;
      const there = this.#waiting.filter(({ count }) => count <= this.arrived);
      this.#waiting = this.#waiting.filter((one) => !there.includes(one));
      for (const { resolve } of there) resolve();
      this.#onArrival();
    }
    if (seen < IMAGES_HEADER || this.#bytes < this.pixels.length)
      throw this.#damaged(`ends after ${this.#bytes} of ${this.pixels.length} bytes of images`);
  }

  #check(header: DataView): void {
    const sizes = [4, 8, 12].map((at) => header.getUint32(at));
    if (header.getUint32(0) !== IMAGES_MAGIC) throw this.#damaged("does not start as an IDX file of images");
    if (sizes[1] !== SIDE || sizes[2] !== SIDE)
      throw new DataError(`${this.#name}: holds an array of ${sizes.join(" × ")}, images of ${SIDE} × ${SIDE} are needed`);
    if (sizes[0] !== this.count) throw new DataError(`${this.#name}: holds ${sizes[0]} images for ${this.count} labels`);
  }

  #damaged(what: string): DataError {
    return new DataError(`${this.#name}: is damaged or no IDX file (restore it): ${what}`);
  }
}

const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The pieces of a file, unpacked if it is gzipped. Errors: DataError naming the file. */
async function* unpacked(file: ReadableStream<Bytes>, name: string): AsyncGenerator<Bytes> {
  const reader = file.getReader();
  const next = async (): Promise<Bytes | undefined> => {
    try {
      return (await reader.read()).value;
    } catch (error) {
      throw new DataError(`${name}: could not be read to its end: ${reason(error)}`);
    }
  };
  let head = await next();
  for (let more; head && head.length < 2 && (more = await next());) head = Uint8Array.from([...head, ...more]);
  const whole = new ReadableStream<Bytes>({
    start: (to) => (head ? to.enqueue(head) : to.close()),
    async pull(to) {
      const piece = await next();
      if (piece) to.enqueue(piece);
      else to.close();
    },
    cancel: (why) => reader.cancel(why),
  });
  const pieces = (head?.[0] === 0x1f && head[1] === 0x8b ? whole.pipeThrough(new DecompressionStream("gzip")) : whole).getReader();
  try {
    for (let piece; (piece = (await pieces.read()).value);) yield piece;
  } catch (error) {
    if (error instanceof DataError) throw error;
    throw new DataError(`${name}: is damaged or no IDX file (restore it): ${reason(error)}`);
  } finally {
    pieces.cancel().catch(() => undefined);
  }
}

async function labelsOf(prefix: string, open: OpenFile): Promise<Uint8Array> {
  const name = `${prefix}-labels-idx1-ubyte.gz`;
  const { sizes, bytes } = await readIdx(name, open);
  if (sizes.length !== 1) throw new DataError(`${name}: holds an array of ${sizes.join(" × ")}, a list of labels is needed`);
  if (bytes.length === 0) throw new DataError(`${name}: holds no labels`);
  const wrong = bytes.findIndex((label) => label >= CLASSES);
  if (wrong >= 0) throw new DataError(`${name}: label ${wrong} is ${bytes[wrong]}, digits end at 9`);
  return bytes;
}

async function readIdx(name: string, open: OpenFile): Promise<{ sizes: readonly number[]; bytes: Uint8Array }> {
  const pieces: Bytes[] = [];
  for await (const piece of unpacked(await open(name), name)) pieces.push(piece);
  try {
    const { data, shape, dtype } = await parseIdx(await new Blob(pieces).arrayBuffer());
    if (dtype !== "uint8") throw new FormatError(`holds ${dtype}, bytes are needed`, "", "parseIdx");
    return { sizes: shape, bytes: data as Uint8Array };
  } catch (error) {
    if (error instanceof FormatError) throw new DataError(`${name}: is damaged or no IDX file (restore it): ${error.message}`);
    throw error;
  }
}
