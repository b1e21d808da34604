// From a call to a result: arguments → shape → allocate → run → record. Every operator passes here, on every device.
import { checkDistinct } from "../autograd/inplace.ts";
import { isGradEnabled, noGrad } from "../autograd/mode.ts";
import { nodeOf, SavedTensor } from "../autograd/node.ts";
import { OpNode, readsOf } from "../autograd/op-node.ts";
import { described } from "../base/copies.ts";
import { type DType, isFloat, promote, roundTo } from "../base/dtype.ts";
import { DeviceError, DtypeError, ShapeError, show, under } from "../base/errors.ts";
import { checkCount } from "../base/options.ts";
import { reading } from "../base/reading.ts";
import { contiguous, sameShape, sizeOf } from "../base/shape.ts";
import { checkSupport, constantOf, type Device, Storage } from "../device/device.ts";
import { stridedCopy } from "../kernels/copy.ts";
import { operand } from "../ops/arguments.ts";
import {
  type AnyOp,
  type AnyPrimitive,
  type AnyView,
  type Call,
  type Composite,
  type Fn,
  type Inputs,
  isComposite,
  isView,
  type Metas,
} from "../ops/op.ts";
import { defaultDevice } from "./device.ts";
import { Tensor } from "./tensor.ts";

const names = new Map<AnyOp, string>();

/** Gives an operator the name that graphs, errors and profiles show. */
export const register = (name: string, op: AnyOp): void => void names.set(op, name);

type Tensors = Record<string, Tensor>;

/** A call made ready: what the operator's own functions are given, and whether a gradient will be asked for. */
interface Ready {
  readonly name: string;
  readonly attrs: object;
  /** Tensor operands; plain numbers join them once the dtype they mean is known. */
  readonly inputs: Tensors;
  readonly ins: Inputs;
  readonly numbers: Readonly<Record<string, number>>;
  /** Shape and dtype of the outputs; a view's follow from its geometry. */
  readonly metas: Metas;
  readonly device: Device;
  readonly recording: boolean;
}

/** The error of an operand on another device than those before it. */
function apart(key: string, one: Device, other: Device): Error {
  const lost = one.lost ?? other.lost;
  if (lost) return lost;
  const where = one.type === other.type ? "another device of the same kind" : one.type;
  return new DeviceError(`${key} is on ${where}, another operand on ${other.type}`, "move one with to()");
}

/** Sorts arguments into operands on one device. Errors: DtypeError for other things, DeviceError for operands of two devices. */
function ready(name: string, op: AnyPrimitive | AnyView, { inputs: given, attrs }: Call<object>): Ready {
  const inputs: Tensors = {};
  const ins: Inputs = {};
  const numbers: Record<string, number> = {};
  let device: Device | undefined;
  let recording = false;
  for (const key in given) {
    const x: unknown = given[key];
    if (x === undefined || x === null) continue;
    if (x instanceof Tensor) {
      x.checkLive();
      const { storage, shape, dtype } = x;
      device ??= storage.device;
      // A constant is at home everywhere.
      const free = shape.length === 0 && storage.constant !== undefined;
      if (device !== storage.device && !free) throw apart(key, storage.device, device);
      inputs[key] = device === storage.device ? x : x.constantOn(device);
      ins[key] = { shape, dtype, kind: shape.length === 0 ? "scalar" : "tensor" };
      recording ||= x.requiresGrad;
    } else if (typeof x === "number" || typeof x === "boolean") {
      numbers[key] = Number(x);
      ins[key] = { shape: [], dtype: x === numbers[key] ? (Number.isInteger(x) ? "int32" : "float32") : "bool", kind: "number" };
    } else throw new DtypeError(`${key} must be a tensor or a number, got ${described(x)}`);
  }
  const metas = isView(op) ? {} : op.meta(ins, attrs);
  return { name, attrs, inputs, ins, numbers, metas, device: device ?? defaultDevice(), recording: recording && isGradEnabled() };
}

/** Whether an operator runs that is made of others: errors name it, which somebody called, and not its parts. */
let composing = false;

/** Runs what an operator is made of. */
function composed<T>(fn: () => T): T {
  const outer = composing;
  composing = true;
  try {
    return fn();
  } finally {
    composing = outer;
  }
}

/** Runs an operator on its user-facing arguments and records it for backward. Operators outside the table bring their name. */
export const apply = (op: AnyOp, args: readonly unknown[], name = names.get(op)!): unknown =>
  composing ? applied(op, args, name) : under(name, () => applied(op, args, name));

/** Errors: ArgumentError for an argument that the operator has no place for. Those that take a rest refuse by themselves. */
function checkSurplus(op: AnyOp, args: readonly unknown[]): void {
  const { length } = isComposite(op) ? op.compose : op.call;
  if (length > 0 && !op.rest) checkCount(args, length);
}

function applied(op: AnyOp, args: readonly unknown[], name: string): unknown {
  checkSurplus(op, args);
  const at = op.self ?? 0;
  if (!("meta" in op) && at >= 0) operand(args[at]).checkLive();
  if (isComposite(op)) {
    const compose = (): unknown => composed(() => op.compose(...args));
    const out = reading(args, op.backward === "none" ? () => noGrad(compose) : compose);
    const node = op.renames && out instanceof Tensor && nodeOf(out);
    if (node) node.name = name;
    return out;
  }
  const call = reading(args, () => ready(name, op, op.call(...args)));
  if (isView(op)) return runView(op, call);
  return perform(op, call, args);
}

/** Runs an operator that has kernels and records it, or its definition in its place. */
function perform(op: AnyPrimitive, call: Ready, args: readonly unknown[]): unknown {
  const { name, inputs, ins, attrs, numbers, metas, device, recording } = call;
  if (recording && op.definition && op.backward === "definition") return reading(args, () => composed(() => op.definition!(...args)));
  // Plain numbers join, and are saved, in the dtype the operator computes in, so that 2 and 2.0, and 0.1 beside float64, mean what they say.
  const { dtype } = metas["out"]!;
  for (const key in numbers)
    inputs[key] = Tensor.constant(device, numbers[key]!, dtype === "bool" ? promote(Object.values(ins)) : dtype, []);
  if (op.mutates) {
    device.run(name, op, inputs, attrs);
    for (const key of op.mutates) if (inputs[key]) inputs[key].storage.version++;
    return inputs[op.mutates[0]!];
  }
  const tensors = execute(op, call);
  const out = tensors["out"]!;
  if (recording && isFloat(out.dtype)) out.setHistory(new OpNode(op, call, tensors, out), 0);
  return op.result ? op.result(tensors, attrs) : out;
}

/** The trailing-underscore form: the first operand takes the result, and its history. */
export function applyInPlace(op: AnyPrimitive | Composite<Fn>, args: readonly unknown[]): Tensor {
  const name = `${names.get(op)!}_`;
  return composing ? appliedInPlace(op, args, name) : under(name, () => appliedInPlace(op, args, name));
}

function appliedInPlace(op: AnyPrimitive | Composite<Fn>, args: readonly unknown[], name: string): Tensor {
  checkSurplus(op, args);
  const at = op.self ?? 0;
  const self = operand(args[at]);
  self.checkInPlace();
  if (isComposite(op)) {
    // What it is made of may read the former contents in backward.
    const former = isGradEnabled() && args.some((v) => v instanceof Tensor && v.requiresGrad) ? self.preserved() : self;
    composed(() => self.copy_(apply(op, args.with(at, former)) as Tensor));
    if (former !== self) former.dispose();
    return self;
  }
  const call = reading(args, () => ready(name, op, op.call(...args)));
  const { inputs, recording } = call;
  const place = Object.values(inputs).indexOf(self);
  // A rule that reads its operand reads the former contents: they are kept aside before they are overwritten.
  let former: Tensor | undefined;
  if (recording)
    for (const key of readsOf(op, (name) => inputs[name]?.requiresGrad))
      if (inputs[key] === self) inputs[key] = former ??= self.preserved();
  const fresh = perform(op, call, args) as Tensor;
  const { shape, dtype } = fresh;
  if (!sameShape(shape, self.shape)) throw new ShapeError(`the result ${show(shape)} does not fit into ${show(self.shape)}`);
  if (isFloat(dtype) && !isFloat(self.dtype)) throw new DtypeError(`a ${dtype} result does not fit into ${self.dtype}`, "use to() first");
  const node = nodeOf(fresh);
  // What has no rule of its own for this is recorded as a copy of the plain result.
  if (recording && node?.name !== name) return self.copy_(fresh);
  // What a rule reads of the result is this tensor from now on, so that the memory of the fresh one can be taken over.
  const saved = node?.saved["out"];
  saved?.release();
  overwrite(self, dtype === self.dtype ? fresh : noGrad(() => fresh.cast(self.dtype)));
  if (node) self.rebase(node, place);
  if (saved) node!.saved["out"] = new SavedTensor("out", self, -1);
  return self;
}

/** Writes `source` (same shape and dtype, no longer needed) into the elements of `target` and counts the write. */
export function overwrite(target: Tensor, source: Tensor): void {
  const { storage } = target;
  target.checkLive();
  under("copy", () => checkDistinct(target));
  if (target.whole && source.whole && !source.storage.shared) storage.adopt(source.storage);
  else storage.device.run("copy", stridedCopy, { x: source, out: target }, {});
  storage.version++;
  source.dispose();
}

/** Adds the outputs to the inputs: allocates them and runs the device's half of the record; constants are computed on the host. */
function execute(op: AnyPrimitive, { name, inputs, attrs, metas, device }: Ready): Tensors {
  const { shape, dtype } = metas["out"]!;
  const folded = op.fold && foldConstants(op, inputs, attrs, dtype);
  const tensors = { ...inputs };
  if (folded !== undefined) {
    tensors["out"] = Tensor.constant(device, folded, dtype, shape);
    return tensors;
  }
  try {
    for (const key in metas) {
      const meta = metas[key]!;
      const n = sizeOf(meta.shape);
      checkSupport(device, meta.dtype);
      tensors[key] = new Tensor(new Storage(device, meta.dtype, n, device.alloc(meta.dtype, n)), meta.dtype, contiguous(meta.shape));
    }
    device.run(name, op, tensors, attrs);
    return tensors;
  } catch (error) {
    for (const key in metas) if (tensors[key] !== inputs[key]) tensors[key]?.dispose();
    throw error;
  }
}

function foldConstants(op: AnyPrimitive, inputs: Tensors, attrs: object, dtype: DType): number | undefined {
  const values: Record<string, number> = {};
  for (const key in inputs) {
    const x = inputs[key]!;
    const value = constantOf(x);
    if (value === undefined) return undefined;
    values[key] = roundTo(x.dtype, value);
  }
  return roundTo(dtype, op.fold!(values, attrs, dtype));
}

function runView(op: AnyView, call: Ready): Tensor {
  const { name, inputs, attrs } = call;
  const x = inputs["x"]!;
  const replay = (base: Tensor): Tensor => runView(op, ready(name, op, { inputs: { x: base }, attrs }));
  const out = x.viewed(op.view(x, attrs), { replay, absolute: op.absolute ?? false });
  if (call.recording && isFloat(out.dtype)) out.setHistory(new OpNode(op, call, {}, out), 0);
  return out;
}
