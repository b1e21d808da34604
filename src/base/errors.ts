// Typed errors. Form of every message: `op: what is wrong, with the values (remedy)`.

let running = "";

/** Runs fn as the operator or entry point `op`, which errors name meanwhile, so that no check needs to be told who asks. */
export function under<T>(op: string, fn: () => T): T {
  const outer = running;
  running = op;
  try {
    return fn();
  } finally {
    running = outer;
  }
}

/** The operator or entry point that runs; empty outside of all. */
export const runningOp = (): string => running;

/**
 * Base of every error wengert throws on purpose: the operator or entry point, what is wrong with the values, and what to do.
 * @example
 * const failure = (): unknown => {
 *   try {
 *     return zeros(2).add(zeros(3));
 *   } catch (error) {
 *     return error;
 *   }
 * };
 * const error = failure() as WengertError;
 * [error.name, error.op, error.what]; // → ["ShapeError", "add", "shapes [2] and [3] do not broadcast: 2 ≠ 3"]
 */
export class WengertError extends Error {
  override readonly name: string = "WengertError";
  readonly op: string;
  readonly what: string;
  readonly remedy: string | undefined;
  /** What is thrown after an await, or far from a call, brings its own `op`. */
  constructor(what: string, remedy?: string, op = running) {
    super(`${op}: ${what}${remedy ? ` (${remedy})` : ""}`);
    this.op = op;
    this.what = what;
    this.remedy = remedy || undefined;
  }
}

// Names are given as text, since minifiers rename classes.

/**
 * A shape, dimension or size does not fit.
 * @example zeros(2, 3).matmul(zeros(4, 5)); // throws ShapeError: matmul: inner sizes differ, [2, 3] · [4, 5]: 3 ≠ 4
 */
export class ShapeError extends WengertError {
  override readonly name = "ShapeError";
}
/**
 * A dtype is not accepted, or an argument has the wrong type.
 * @example tensor([1, 2], { dtype: "int32" }).mean(); // throws DtypeError: mean: needs a floating tensor, got int32 (pass { dtype: "float32" })
 */
export class DtypeError extends WengertError {
  override readonly name = "DtypeError";
}
/**
 * An argument's value is outside its domain, or an option is unknown.
 * @example nn.functional.dropout(ones(2), 1.5); // throws ArgumentError: dropout: p must be between 0 and 1, got 1.5
 */
export class ArgumentError extends WengertError {
  override readonly name = "ArgumentError";
}
/**
 * Autograd was asked for something the graph cannot give.
 * @example ones(2).sum().backward(); // throws GradError: backward: output 0 of shape [] does not require a gradient (call requiresGrad_() first)
 */
export class GradError extends WengertError {
  override readonly name = "GradError";
}
/**
 * The device is missing, lost, mixed up or refused a command.
 * @example
 * const x = ones(2);
 * x.dispose();
 * x.add(1); // throws DeviceError: add: its memory was released (by dispose() or tidy())
 */
export class DeviceError extends WengertError {
  override readonly name = "DeviceError";
}
/**
 * A buffer does not fit the device.
 * @example
 * const advice = (error: unknown): string => (error instanceof OutOfMemoryError ? "take a smaller batch" : String(error));
 * advice(new Error("something else")); // → Error: something else
 */
export class OutOfMemoryError extends WengertError {
  override readonly name = "OutOfMemoryError";
}
/**
 * A file or serialised value is malformed.
 * @example io.loadSafetensors(new Uint8Array(4)); // throws FormatError: loadSafetensors: 4 bytes are too few
 */
export class FormatError extends WengertError {
  override readonly name = "FormatError";
}

const told = new Set<string>();

/** Says on the console, once in the same words, what is allowed but rarely meant. */
export function warn(what: string, remedy: string): void {
  const text = `${running}: ${what} (${remedy})`;
  // Shapes that change all the time are not reported for ever.
  if (told.has(text) || told.size >= 100) return;
  told.add(text);
  // eslint-disable-next-line no-console -- where warnings go
  console.warn(text);
}

/** Prints a shape as PyTorch does: `[2, 3]`. */
export const show = (shape: readonly number[]): string => `[${shape.join(", ")}]`;
