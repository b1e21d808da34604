// Typed errors. Form of every message: `op: what is wrong, with the values (remedy)`.

/** Base of every error wengert throws on purpose; `op` names the operator or entry point. */
export class WengertError extends Error {
  readonly op: string;
  constructor(op: string, what: string, remedy?: string) {
    super(`${op}: ${what}${remedy ? ` (${remedy})` : ""}`);
    this.name = new.target.name;
    this.op = op;
  }
}

/** A shape, dimension or size does not fit. */
export class ShapeError extends WengertError {}
/** A dtype is not accepted, or an argument has the wrong type. */
export class DtypeError extends WengertError {}
/** An argument's value is outside its domain, or an option is unknown. */
export class ArgumentError extends WengertError {}
/** Autograd was asked for something the graph cannot give. */
export class GradError extends WengertError {}
/** The device is missing, lost, mixed up or refused a command. */
export class DeviceError extends WengertError {}
/** A buffer does not fit the device. */
export class OutOfMemoryError extends WengertError {}
/** A file or serialised value is malformed. */
export class FormatError extends WengertError {}

/** Prints a shape as PyTorch does: `[2, 3]`. */
export const show = (shape: readonly number[]): string => `[${shape.join(", ")}]`;
