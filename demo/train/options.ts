// The command line of `npm run train`.
import { parseArgs } from "node:util";
import { MODEL_NAMES, type ModelName } from "../mnist/model-names.ts";

export interface TrainOptions {
  readonly model: ModelName;
  readonly epochs: number;
  readonly batch: number;
  readonly lr: number;
  readonly seed: number;
  readonly device: "auto" | "webgpu" | "cpu";
  /** Train on this many digits only; undefined for all. */
  readonly limit: number | undefined;
  readonly out: string;
  readonly data: string | undefined;
}

/** A command line that cannot be followed; the message is one line for the terminal. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

const DEVICES = ["auto", "webgpu", "cpu"] as const;

const definitions = {
  model: { type: "string", default: "lenet" },
  epochs: { type: "string", default: "5" },
  batch: { type: "string", default: "64" },
  lr: { type: "string", default: "2e-3" },
  seed: { type: "string", default: "42" },
  device: { type: "string", default: "auto" },
  limit: { type: "string" },
  out: { type: "string", default: "runs/latest" },
  data: { type: "string" },
  help: { type: "boolean", short: "h", default: false },
} as const;

export const HELP = `Trains a network on handwritten digits and reports its accuracy on digits it has not seen.

Usage: npm run train -- [options]

  --model NAME    lenet (default), mlp, or bnnet (two convolutions with batch normalisation)
  --epochs N      passes over the training digits, 1 to 1000 (default 5)
  --batch N       digits per step, 1 to 8000 (default 64)
  --lr X          learning rate of Adam, above 0 and at most 10 (default 2e-3); falls to 0 along a cosine
  --seed N        seed of weights and shuffles, 0 to 2^32 - 1 (default 42)
  --device NAME   auto (default), webgpu or cpu
  --limit N       train on the first N digits only
  --out DIR       where the results go (default runs/latest): model.safetensors, loss.svg, graph.dot, graph.svg
  --data DIR      where the digits are (default demo/public/mnist)
  -h, --help      this text

Exit codes: 0 done, 1 training failed, 2 bad options, data or folder, 130 interrupted.
`;

/** Reads the command line; "help" when it asks for help. Errors: UsageError naming the option and what it takes. */
export function parseOptions(args: readonly string[]): TrainOptions | "help" {
  const values = read(args);
  if (values.help) return "help";
  return {
    model: choice("model", values.model, MODEL_NAMES),
    epochs: whole("epochs", values.epochs, 1, 1000),
    batch: whole("batch", values.batch, 1, 8000),
    lr: positive("lr", values.lr, 10),
    seed: whole("seed", values.seed, 0, 2 ** 32 - 1),
    device: choice("device", values.device, DEVICES),
    limit: values.limit === undefined ? undefined : whole("limit", values.limit, 1, 8000),
    out: folder("out", values.out),
    data: values.data === undefined ? undefined : folder("data", values.data),
  };
}

function read(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: definitions, allowPositionals: false, strict: true }).values;
  } catch (error) {
    // Node adds advice about positional arguments that does not apply here.
    const [first] = (error instanceof Error ? error.message : String(error)).split(/\. (?=To )|\n/);
    throw new UsageError(first!.replace(/\.$/, ""));
  }
}

function choice<T extends string>(name: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((item) => item === value);
  if (found === undefined) throw new UsageError(`--${name} is ${JSON.stringify(value)}, it takes ${allowed.join(", ")}`);
  return found;
}

function whole(name: string, value: string, low: number, high: number): number {
  const n = /^\d+$/.test(value) ? Number(value) : NaN;
  if (!(n >= low && n <= high))
    throw new UsageError(`--${name} is ${JSON.stringify(value)}, it takes a whole number from ${low} to ${high}`);
  return n;
}

function positive(name: string, value: string, high: number): number {
  const x = value.trim() === "" ? NaN : Number(value);
  if (!(x > 0 && x <= high)) throw new UsageError(`--${name} is ${JSON.stringify(value)}, it takes a number above 0 and at most ${high}`);
  return x;
}

function folder(name: string, value: string): string {
  if (value.trim() === "") throw new UsageError(`--${name} is empty, it takes a folder`);
  return value;
}
