// Damaged files and states, one after the other: each is loaded, or refused with a typed error and without a trace.
import { WengertError } from "../../../src/base/errors.ts";
import { Tensor } from "../../../src/tensor/tensor.ts";
import { Rng } from "../random.ts";
import { type Format, formatOf } from "./formats.ts";

/** Own names of what a dangerous key could reach. */
const prototypes = (): string => [Object.prototype, Array.prototype, Function.prototype].map((p) => Reflect.ownKeys(p).length).join();

/** What is wrong with loading one damaged value; undefined when nothing is. */
export async function checkLoad(format: Format<unknown>, value: unknown): Promise<string | undefined> {
  const [before, clean] = [format.state?.(), prototypes()];
  const bytes = value instanceof Uint8Array ? value.slice() : undefined;
  let wrong: string | undefined;
  let refused = false;
  try {
    await format.load(value);
  } catch (error) {
    refused = error instanceof WengertError;
    if (!refused) wrong = `${(error as Error).name}: ${(error as Error).message}`;
  }
  if (prototypes() !== clean) wrong = "a prototype was changed";
  if (bytes && !bytes.every((b, i) => b === (value as Uint8Array)[i])) wrong ??= "the bytes were changed";
  if (refused && format.state?.() !== before) wrong ??= "refused, but the target was changed";
  if (!refused) format.restore?.();
  return wrong;
}

/** The damaged value number `index` of a seed. */
export function damagedAt(format: Format<unknown>, seed: number, index: number): unknown {
  const rng = new Rng(seed, index);
  return format.damage(rng, rng.pick(format.valid));
}

/** A damaged value as text to read. */
function shown(value: unknown): string {
  if (value instanceof Uint8Array) return `base64 ${btoa(String.fromCharCode(...value))}`;
  if (value instanceof Tensor) return `${value.dtype}[${value.shape.join()}]`;
  if (ArrayBuffer.isView(value)) return `${value.byteLength} bytes`;
  if (typeof value !== "object" || value === null) return String(value);
  return `{ ${Object.entries(value).map(([key, v]) => `${key}: ${shown(v)}`).join(", ")} }`; // prettier-ignore
}

/** Reports of what is wrong among cases `from` to `from + count`, at most ten. */
export async function searchFiles(name: string, seed: number, from: number, count: number): Promise<string[]> {
  const format = await formatOf(name);
  const reports: string[] = [];
  for (let index = from; index < from + count && reports.length < 10; index++) {
    const value = damagedAt(format, seed, index);
    const wrong = await checkLoad(format, value);
    if (wrong) reports.push(`FUZZ_SEED=${seed} FUZZ_FORMAT=${name} FUZZ_INDEX=${index}: ${wrong}\n${shown(value)}`);
  }
  return reports;
}
