// From a call to a result: arguments → shape → allocate → run → record. Every operator passes here, on every device.
import { constantOf, type Device, Storage, type Views } from "./backend/backend.ts";
import { edgeOf } from "./autograd/engine.ts";
import { isGradEnabled, noGrad } from "./autograd/mode.ts";
import { type Edge, Node, SavedTensor } from "./autograd/node.ts";
import { type DType, isFloat, promote, roundTo } from "./base/dtype.ts";
import { ArgumentError, DeviceError, DtypeError, GradError, ShapeError, show } from "./base/errors.ts";
import { contiguous, isContiguous, sameShape, sizeOf } from "./base/shape.ts";
import { defaultDevice } from "./device.ts";
import {
  type AnyOp,
  type AnyPrimitive,
  type AnyView,
  type Composite,
  type Fn,
  type Inputs,
  isComposite,
  isView,
  type Meta,
  type Metas,
} from "./ops/op.ts";
import { operand } from "./ops/arguments.ts";
import { stridedCopy } from "./ops/copy.ts";
import { overlaps } from "./ops/restride.ts";
import { Tensor } from "./tensor.ts";

const names = new Map<AnyOp, string>();

/** Gives an operator the name that graphs, errors and profiles show. */
export const register = (name: string, op: AnyOp): void => void names.set(op, name);

/** Runs an operator on its user-facing arguments and records it for backward. Operators outside the table bring their name. */
export function apply(op: AnyOp, args: readonly unknown[], name = names.get(op)!): unknown {
  const at = op.self ?? 0;
  if (isComposite(op) && at >= 0) operand(name, args[at]);
  if (isComposite(op)) return op.backward === "none" ? noGrad(() => op.compose(...args)) : op.compose(...args);
  const call = op.call(...args);
  const { inputs, device } = resolve(name, call.inputs);
  const recording = isGradEnabled() && Object.values(inputs).some((x) => x.requiresGrad);
  if (isView(op)) return runView(name, op, inputs, call.attrs, recording);
  const ins = inputMetas(inputs, call.inputs);
  const metas = op.meta(ins, call.attrs);
  if (recording && op.definition && op.backward === "definition") return op.definition(...args);
  settleNumbers(inputs, ins, metas.out.dtype);
  if (op.mutates) return mutate(name, op, inputs, call.attrs, device, metas);
  const outs = execute(name, op, inputs, call.attrs, device, metas);
  if (recording && isFloat(metas.out.dtype)) record(name, op, inputs, outs, call.attrs, ins);
  return op.result ? op.result(outs, call.attrs) : outs["out"];
}

/** The trailing-underscore form: the first operand takes the result. */
export function applyInPlace(op: AnyPrimitive | Composite<Fn>, args: readonly unknown[]): Tensor {
  const name = `${names.get(op)!}_`;
  const self = args[0] as Tensor;
  if (isComposite(op)) {
    self.checkInPlace(name);
    return self.copy_(apply(op, args) as Tensor);
  }
  const call = op.call(...args);
  const { inputs, device } = resolve(name, call.inputs);
  self.checkInPlace(name);
  const recording = isGradEnabled() && Object.values(inputs).some((x) => x.requiresGrad);
  const ins = inputMetas(inputs, call.inputs);
  const metas = op.meta(ins, call.attrs);
  const { shape, dtype } = metas.out;
  settleNumbers(inputs, ins, dtype);
  if (!sameShape(shape, self.shape)) throw new ShapeError(name, `the result ${show(shape)} does not fit into ${show(self.shape)}`);
  if (dtype !== self.dtype && isFloat(dtype) && !isFloat(self.dtype))
    throw new DtypeError(name, `a ${dtype} result does not fit into ${self.dtype}`, "convert the tensor first");
  // What has no rule of its own for this is recorded as a copy of the plain result.
  if (recording && (op.backward === "definition" || !isFloat(dtype))) return self.copy_(apply(op, args) as Tensor);
  if (recording && op.backward === "none")
    throw new GradError(name, "has no gradient rule, but an input requires a gradient", "detach() the input, or run inside noGrad");
  const fresh = execute(name, op, inputs, call.attrs, device, metas)["out"]!;
  const result = fresh.dtype === self.dtype ? fresh : noGrad(() => fresh.cast(self.dtype));
  if (!recording) {
    overwrite(self, result);
    return self;
  }
  // A rule that reads its operand reads the former contents: they are kept aside before they are overwritten.
  const saves: readonly string[] = op.save ?? [];
  const old = saves.some((key) => inputs[key] === self) ? self.preserved() : self;
  const tensors = Object.fromEntries(Object.entries(inputs).map(([key, x]) => [key, x === self ? old : x]));
  const node = new OpNode(name, op, edgesOf(inputs), tensors, call.attrs, ins, { out: { shape: self.shape, dtype: self.dtype } });
  overwrite(self, result);
  self.rebase(node, Object.values(inputs).indexOf(self));
  node.saveOutput(self);
  return self;
}

/** Writes `source` (same shape and dtype, no longer needed) into the elements of `target` and counts the write. */
export function overwrite(target: Tensor, source: Tensor): void {
  const { storage } = target;
  if (overlaps(target))
    throw new ArgumentError("copy", `several elements of ${show(target.shape)} share one place in memory`, "clone() it first");
  const whole = storage.elements === target.size && isContiguous(target) && target.offset === 0;
  if (whole && !source.storage.shared && source.storage.elements === target.size && isContiguous(source)) storage.adopt(source.storage);
  else storage.device.run("copy", stridedCopy, { x: source, out: target }, {});
  storage.version++;
  source.dispose();
}

interface Resolved {
  readonly inputs: Record<string, Tensor>;
  readonly device: Device;
}

/** Numbers become constants on the operands' device; operands must share it. */
function resolve(name: string, given: Readonly<Record<string, Tensor | number | undefined>>): Resolved {
  let device: Device | undefined;
  for (const [key, x] of Object.entries(given)) {
    if (x === undefined || x === null) continue;
    if (typeof x === "number" || typeof x === "boolean") continue;
    if (!(x instanceof Tensor))
      throw new DtypeError(name, `${key} must be a tensor or a number, got ${x === null ? "null" : typeof x}`, undefined, {
        argument: key,
      });
    const own = x.storage.device;
    if (device === undefined || (device !== own && isFreeScalar(x, device))) device ??= own;
    else if (device !== own)
      throw new DeviceError(name, `${key} is on ${own.type}, another operand on ${device.type}`, "move one with to()");
  }
  device ??= defaultDevice();
  const inputs: Record<string, Tensor> = {};
  for (const [key, x] of Object.entries(given)) {
    if (x === undefined || x === null) continue;
    if (x instanceof Tensor) inputs[key] = x.storage.device === device ? x : x.constantOn(device);
    else inputs[key] = Tensor.constant(device, Number(x), typeof x === "boolean" ? "bool" : Number.isInteger(x) ? "int32" : "float32", []);
  }
  return { inputs, device };
}

const isFreeScalar = (x: Tensor, _device: Device): boolean => x.shape.length === 0 && constantOf(x) !== undefined;

function inputMetas(inputs: Record<string, Tensor>, given: Readonly<Record<string, unknown>>): Inputs {
  const ins: Inputs = {};
  for (const [key, x] of Object.entries(inputs))
    ins[key] = {
      shape: x.shape,
      dtype: x.dtype,
      kind: given[key] instanceof Tensor ? (x.shape.length === 0 ? "scalar" : "tensor") : "number",
    };
  return ins;
}

function execute(
  name: string,
  op: AnyPrimitive,
  inputs: Record<string, Tensor>,
  attrs: object,
  device: Device,
  metas: Metas,
): Record<string, Tensor> {
  const outs: Record<string, Tensor> = {};
  const { shape, dtype } = metas["out"]!;
  const folded = op.fold && foldConstants(op, inputs, attrs, dtype);
  if (folded !== undefined) return { out: Tensor.constant(device, folded, dtype, shape) };
  const io: Views = {};
  for (const key in inputs) io[key] = inputs[key]!;
  for (const [key, meta] of Object.entries(metas)) {
    if (!device.supports(meta.dtype))
      throw new DtypeError(name, `${meta.dtype} is not available on ${device.type}`, 'use float32, or device "cpu"');
    const n = sizeOf(meta.shape);
    outs[key] = new Tensor(new Storage(device, meta.dtype, n, device.alloc(meta.dtype, n)), meta.dtype, contiguous(meta.shape));
    io[key] = outs[key];
  }
  device.run(name, op, io, attrs);
  return outs;
}

/** Plain numbers join, and are saved, in the dtype the operator computes in, so that 2 and 2.0, and 0.1 beside float64, mean what they say. */
function settleNumbers(inputs: Record<string, Tensor>, ins: Inputs, result: DType): void {
  for (const key in ins) {
    if (ins[key]!.kind !== "number") continue;
    const dtype = result === "bool" ? promote(Object.values(ins)) : result;
    const x = inputs[key]!;
    if (x.dtype !== dtype) inputs[key] = Tensor.constant(x.storage.device, constantOf(x)!, dtype, []);
  }
}

function foldConstants(op: AnyPrimitive, inputs: Record<string, Tensor>, attrs: object, dtype: DType): number | undefined {
  const values: Record<string, number> = {};
  for (const [key, x] of Object.entries(inputs)) {
    const value = constantOf(x);
    if (value === undefined) return undefined;
    values[key] = roundTo(x.dtype, value);
  }
  return roundTo(dtype, op.fold!(values, attrs, dtype));
}

function mutate(name: string, op: AnyPrimitive, inputs: Record<string, Tensor>, attrs: object, device: Device, _metas: Metas): Tensor {
  device.run(name, op, inputs, attrs);
  for (const key of op.mutates!) if (inputs[key]) inputs[key].storage.version++;
  return inputs[op.mutates![0]!]!;
}

function runView(name: string, op: AnyView, inputs: Record<string, Tensor>, attrs: object, recording: boolean): Tensor {
  const x = inputs["x"]!;
  const replay = (base: Tensor): Tensor => runView(name, op, { x: base }, attrs, isGradEnabled() && base.requiresGrad);
  const out = x.viewed(op.view(x, attrs), { replay, absolute: op.absolute ?? false });
  if (recording && isFloat(out.dtype)) {
    const ins: Metas = { x: { shape: x.shape, dtype: x.dtype } };
    out.setHistory(new OpNode(name, op, edgesOf(inputs), {}, attrs, ins, { out: { shape: out.shape, dtype: out.dtype } }), 0);
  }
  return out;
}

function record(
  name: string,
  op: AnyPrimitive,
  inputs: Record<string, Tensor>,
  outs: Record<string, Tensor>,
  attrs: object,
  ins: Inputs,
): void {
  if (op.backward === "none")
    throw new GradError(name, "has no gradient rule, but an input requires a gradient", "detach() the input, or run inside noGrad");
  const out = outs["out"]!;
  const node = new OpNode(name, op, edgesOf(inputs), { ...inputs, ...outs }, attrs, ins, { out: { shape: out.shape, dtype: out.dtype } });
  out.setHistory(node, 0);
}

const edgesOf = (inputs: Record<string, Tensor>): Record<string, Edge | undefined> =>
  Object.fromEntries(Object.entries(inputs).map(([key, x]) => [key, edgeOf(x)]));

/** A recorded operator of the table. */
class OpNode extends Node {
  readonly #op: AnyPrimitive | AnyView;
  readonly #keys: readonly string[];
  readonly #attrs: object;
  readonly #ins: Metas;
  readonly saved: Record<string, SavedTensor> = {};

  constructor(
    name: string,
    op: AnyPrimitive | AnyView,
    edges: Record<string, Edge | undefined>,
    tensors: Record<string, Tensor>,
    attrs: object,
    ins: Metas,
    outs: Metas,
  ) {
    super(name, Object.values(edges), Object.values(outs) as Meta[]);
    this.#op = op;
    this.#keys = Object.keys(edges);
    this.#attrs = attrs;
    this.#ins = ins;
    for (const key of ("save" in op ? op.save : undefined) ?? []) {
      const tensor = tensors[key as string];
      if (tensor) this.saved[key as string] = new SavedTensor(name, key as string, tensor, key === "out" ? 0 : -1);
    }
  }

  /** In-place operators: their output exists, with its history, only after the node. */
  saveOutput(out: Tensor): void {
    const { save } = this.#op as AnyPrimitive;
    if (save?.includes("out")) this.saved["out"] = new SavedTensor(this.name, "out", out, -1);
  }

  get attrs(): object {
    return this.#attrs;
  }

  override apply(grads: readonly (Tensor | undefined)[], needed: readonly boolean[]): (Tensor | undefined)[] {
    const g = grads[0];
    if (!g) return [];
    const saved: Record<string, Tensor> = {};
    for (const [key, s] of Object.entries(this.saved)) saved[key] = s.unpack(this);
    const rule = this.#op.backward as (
      g: Tensor,
      saved: Record<string, Tensor>,
      attrs: object,
      ins: Metas,
    ) => Record<string, (() => Tensor) | undefined>;
    const thunks = rule(g, saved, this.#attrs, this.#ins);
    return this.#keys.map((key, i) => {
      if (!needed[i]) return undefined;
      const thunk = thunks[key];
      if (!thunk) throw new GradError(this.name, `has no gradient for ${key}`, "detach() that input");
      return thunk();
    });
  }

  override release(): void {
    for (const s of Object.values(this.saved)) s.release();
  }
}
