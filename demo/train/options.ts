// The command line of `npm run train`.
import { dirname } from "node:path";
import { parseArgs } from "node:util";
import { MODEL_NAMES, type ModelName, modelOf, modelTable } from "./models.ts";

export interface TrainOptions {
  readonly model: ModelName;
  readonly epochs: number;
  readonly batch: number;
  readonly lr: number;
  /** Channels or units of the first layer; undefined where the model has but one size. */
  readonly width: number | undefined;
  readonly seed: number;
  readonly device: "auto" | "webgpu" | "cpu";
  /** Train on this many samples only; undefined for all. */
  readonly limit: number | undefined;
  readonly out: string;
  readonly data: string | undefined;
  /** The checkpoint to go on from. It brings the options that shape a run. */
  readonly resume: string | undefined;
}

/** The options that shape a run: with the same ones the loss curve is the same to the last bit. */
export type RunOptions = Pick<TrainOptions, (typeof SHAPING)[number]>;

/** A command line that cannot be followed; the message is one line for the terminal. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

export const CHECKPOINT = "checkpoint.safetensors";

const SHAPING = ["model", "epochs", "batch", "lr", "width", "seed", "limit"] as const;
const DEVICES = ["auto", "webgpu", "cpu"] as const;

const definitions = {
  model: { type: "string" },
  epochs: { type: "string" },
  batch: { type: "string" },
  lr: { type: "string" },
  width: { type: "string" },
  seed: { type: "string" },
  device: { type: "string" },
  limit: { type: "string" },
  out: { type: "string" },
  data: { type: "string" },
  resume: { type: "string" },
  help: { type: "boolean", short: "h" },
} as const;

export const HELP = `Trains a network on handwritten digits and reports how it does on digits it has not seen.

Usage: npm run train -- [options]

  --model NAME    one of the models below (default lenet)
  --epochs N      passes over the training digits, 1 to 1000
  --batch N       digits per step, 1 to 8000
  --lr X          learning rate, above 0 and at most 10; falls to 0 along a cosine, but stays for the two GANs
  --width N       channels or units of the first layer, 1 to 1024
  --seed N        seed of weights and shuffles, 0 to 2^32 - 1 (default 42)
  --device NAME   auto (default), webgpu or cpu
  --limit N       train on the first N digits only
  --out DIR       where the results go (default runs/latest): model.safetensors, loss.svg, graph.dot, graph.svg,
                  and samples.png where there is something to see
  --data DIR      where the digits are, or others in MNIST's four files (default demo/public/mnist)
  --resume FILE   go on from a checkpoint as if the run had never stopped; the results go beside it unless --out is given
  -h, --help      this text

Models and their defaults; pinn takes no digits but draws 8192 points to an epoch:

${modelTable()}

After every epoch, and when Ctrl-C interrupts it, a run keeps ${CHECKPOINT} in its folder, until the results are there.

Exit codes: 0 done, 1 training failed, 2 bad options, data or folder, 130 interrupted.
`;

/** Reads the command line; "help" when it asks for help. Errors: UsageError naming the option and what it takes. */
export function parseOptions(args: readonly string[]): TrainOptions | "help" {
  const values = read(args);
  if (values.help) return "help";
  const { resume, limit, out, data } = values;
  const shaping = SHAPING.find((name) => values[name] !== undefined);
  if (resume !== undefined && shaping !== undefined)
    throw new UsageError(`--${shaping} cannot be given with --resume: the run goes on with the options that it began with`);
  const model = choice("model", values.model ?? "lenet", MODEL_NAMES);
  const usual = modelOf(model);
  if (values.width !== undefined && usual.width === undefined)
    throw new UsageError(`--width cannot be given with ${model}: it has but one size`);
  if (data !== undefined && usual.points !== undefined)
    throw new UsageError(`--data cannot be given with ${model}: it draws its points itself`);
  return {
    model,
    epochs: whole("epochs", values.epochs ?? String(usual.epochs), 1, 1000),
    batch: whole("batch", values.batch ?? String(usual.batch), 1, 8000),
    lr: positive("lr", values.lr ?? String(usual.lr), 10),
    width: usual.width === undefined ? undefined : whole("width", values.width ?? String(usual.width), 1, 1024),
    seed: whole("seed", values.seed ?? "42", 0, 2 ** 32 - 1),
    device: choice("device", values.device ?? "auto", DEVICES),
    limit: limit === undefined ? undefined : whole("limit", limit, 1, 8000),
    out: out !== undefined ? path("out", out, "folder") : resume === undefined ? "runs/latest" : dirname(resume),
    data: data === undefined ? undefined : path("data", data, "folder"),
    resume: resume === undefined ? undefined : path("resume", resume, "file"),
  };
}

/** The options that shape a run, to be kept in its checkpoint. */
export const shapeOf = ({ model, epochs, batch, lr, width, seed, limit }: RunOptions): RunOptions => ({
  model, epochs, batch, lr, width, seed, limit,
}); // prettier-ignore

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

function path(name: string, value: string, kind: "file" | "folder"): string {
  if (value.trim() === "") throw new UsageError(`--${name} is empty, it takes a ${kind}`);
  return value;
}
