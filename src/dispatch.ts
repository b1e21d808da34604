// From a call to a result: arguments → shape → allocate → run → record. Every operator passes here, on every device.
import { constantOf, type Device, Storage, type View, type Views } from "./backend/backend.ts";
import { edgeOf } from "./autograd/engine.ts";
import { isGradEnabled, noGrad } from "./autograd/mode.ts";
import { type Edge, Node, SavedTensor } from "./autograd/node.ts";
import { type DType, isFloat, promote } from "./base/dtype.ts";
import { DeviceError, DtypeError, GradError, ShapeError, show } from "./base/errors.ts";
import { contiguous, isContiguous, sameShape, sizeOf } from "./base/shape.ts";
import { defaultDevice } from "./device.ts";
import { type AnyOp, type AnyPrimitive, type AnyView, type Inputs, isComposite, isView, type Meta, type Metas } from "./ops/op.ts";
import { stridedCopy } from "./ops/copy.ts";
import { ops } from "./ops/table.ts";
import { Tensor } from "./tensor.ts";

const names = new Map<AnyOp, string>(Object.entries(ops).map(([name, op]) => [op as AnyOp, name]));

/** Runs an operator on its user-facing arguments and records it for backward. */
export function apply(op: AnyOp, args: readonly unknown[]): unknown {
  if (isComposite(op)) return op.backward === "none" ? noGrad(() => op.compose(...args)) : op.compose(...args);
  const name = names.get(op)!;
  const call = op.call(...args);
  const { inputs, device } = resolve(name, call.inputs);
  const recording = isGradEnabled() && Object.values(inputs).some((x) => x.requiresGrad);
  if (isView(op)) return runView(name, op, inputs, call.attrs, recording);
  if (recording && op.definition && op.backward === "definition") return op.definition(...args);
  const ins = inputMetas(inputs, call.inputs);
  const metas = op.meta(ins, call.attrs);
  if (op.mutates) return mutate(name, op, inputs, call.attrs, device, metas);
  const outs = execute(name, op, inputs, call.attrs, device, metas, ins);
  if (recording && isFloat(metas.out.dtype)) record(name, op, inputs, outs, call.attrs, ins);
  return op.result ? op.result(outs, call.attrs) : outs["out"];
}

/** The trailing-underscore form: the first operand takes the result. */
export function applyInPlace(op: AnyPrimitive, args: readonly unknown[]): Tensor {
  const name = `${names.get(op)!}_`;
  const self = args[0] as Tensor;
  const call = op.call(...args);
  const { inputs, device } = resolve(name, call.inputs);
  const recording = isGradEnabled() && Object.values(inputs).some((x) => x.requiresGrad);
  if (recording) self.checkInPlace(name);
  const ins = inputMetas(inputs, call.inputs);
  const metas = op.meta(ins, call.attrs);
  const { shape, dtype } = metas.out;
  if (!sameShape(shape, self.shape)) throw new ShapeError(name, `the result ${show(shape)} does not fit into ${show(self.shape)}`);
  if (dtype !== self.dtype && isFloat(dtype) && !isFloat(self.dtype)) throw new DtypeError(name, `a ${dtype} result does not fit into ${self.dtype}`, "convert the tensor first");
  const before: Record<string, Tensor> = {};
  for (const [key, x] of Object.entries(inputs)) before[key] = x;
  const fresh = execute(name, op, inputs, call.attrs, device, metas, ins)["out"]!;
  const result = fresh.dtype === self.dtype ? fresh : noGrad(() => fresh.cast(self.dtype));
  const edges = edgesOf(before);
  overwrite(self, result);
  if (recording) self.rebase(new OpNode(name, op, edges, { ...before, out: self }, call.attrs, ins, { out: { shape: self.shape, dtype: self.dtype } }));
  return self;
}

/** Writes `source` (same shape and dtype, no longer needed) into the elements of `target` and counts the write. */
export function overwrite(target: Tensor, source: Tensor): void {
  const { storage } = target;
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
    if (!(x instanceof Tensor)) throw new DtypeError(name, `${key} must be a tensor or a number, got ${x === null ? "null" : typeof x}`, undefined, { argument: key });
    const own = x.storage.device;
    if (device === undefined || (device !== own && isFreeScalar(x, device))) device ??= own;
    else if (device !== own) throw new DeviceError(name, `${key} is on ${own.type}, another operand on ${device.type}`, "move one with to()");
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
    ins[key] = { shape: x.shape, dtype: x.dtype, kind: given[key] instanceof Tensor ? (x.shape.length === 0 ? "scalar" : "tensor") : "number" };
  return ins;
}

function execute(name: string, op: AnyPrimitive, inputs: Record<string, Tensor>, attrs: object, device: Device, metas: Metas, ins: Inputs): Record<string, Tensor> {
  const outs: Record<string, Tensor> = {};
  const { shape, dtype } = metas["out"]!;
  const folded = op.fold && foldConstants(op, inputs, attrs, dtype);
  if (folded !== undefined) return { out: Tensor.constant(device, folded, dtype, shape) };
  const io: Views = {};
  for (const [key, x] of Object.entries(inputs)) io[key] = numberAs(x, ins, key, dtype);
  for (const [key, meta] of Object.entries(metas)) {
    if (!device.supports(meta.dtype)) throw new DtypeError(name, `${meta.dtype} is not available on ${device.type}`, 'use float32, or device "cpu"');
    const n = sizeOf(meta.shape);
    outs[key] = new Tensor(new Storage(device, meta.dtype, n, device.alloc(meta.dtype, n)), meta.dtype, contiguous(meta.shape));
    io[key] = outs[key];
  }
  device.run(name, op, io, attrs);
  return outs;
}

/** A plain number joins in the dtype the operator computes in, so that 2 and 2.0, and 0.1 beside float64, mean what they say. */
function numberAs(x: Tensor, ins: Inputs, key: string, result: DType): View {
  if (ins[key]!.kind !== "number") return x;
  const dtype = result === "bool" ? promote(Object.values(ins)) : result;
  return x.dtype === dtype ? x : Tensor.constant(x.storage.device, constantOf(x)!, dtype, []);
}

function foldConstants(op: AnyPrimitive, inputs: Record<string, Tensor>, attrs: object, dtype: DType): number | undefined {
  const values: Record<string, number> = {};
  for (const [key, x] of Object.entries(inputs)) {
    const value = constantOf(x);
    if (value === undefined) return undefined;
    values[key] = value;
  }
  return roundTo(dtype, op.fold!(values, attrs));
}

/** The value as an element of `dtype` would hold it. */
export function roundTo(dtype: DType, value: number): number {
  if (dtype === "float32") return Math.fround(value);
  if (dtype === "float64") return value;
  return dtype === "bool" ? Number(value !== 0) : dtype === "uint8" ? Math.trunc(value) & 255 : Math.trunc(value) | 0;
}

function mutate(name: string, op: AnyPrimitive, inputs: Record<string, Tensor>, attrs: object, device: Device, _metas: Metas): Tensor {
  device.run(name, op, inputs, attrs);
  for (const key of op.mutates!) if (inputs[key]) inputs[key].storage.version++;
  return inputs[op.mutates![0]!]!;
}

function runView(name: string, op: AnyView, inputs: Record<string, Tensor>, attrs: object, recording: boolean): Tensor {
  const x = inputs["x"]!;
  const out = x.viewed(op.view(x, attrs));
  if (recording && isFloat(out.dtype)) {
    const ins: Metas = { x: { shape: x.shape, dtype: x.dtype } };
    out.setHistory(new OpNode(name, op, edgesOf(inputs), {}, attrs, ins, { out: { shape: out.shape, dtype: out.dtype } }), 0);
  }
  return out;
}

function record(name: string, op: AnyPrimitive, inputs: Record<string, Tensor>, outs: Record<string, Tensor>, attrs: object, ins: Inputs): void {
  if (op.backward === "none") throw new GradError(name, "has no gradient rule, but an input requires a gradient", "detach() the input, or run inside noGrad");
  const out = outs["out"]!;
  const node = new OpNode(name, op, edgesOf(inputs), { ...inputs, ...outs }, attrs, ins, { out: { shape: out.shape, dtype: out.dtype } });
  out.setHistory(node, 0);
}

const edgesOf = (inputs: Record<string, Tensor>): Record<string, Edge | undefined> => Object.fromEntries(Object.entries(inputs).map(([key, x]) => [key, edgeOf(x)]));

/** A recorded operator of the table. */
class OpNode extends Node {
  readonly #op: AnyPrimitive | AnyView;
  readonly #keys: readonly string[];
  readonly #attrs: object;
  readonly #ins: Metas;
  readonly saved: Record<string, SavedTensor> = {};

  constructor(name: string, op: AnyPrimitive | AnyView, edges: Record<string, Edge | undefined>, tensors: Record<string, Tensor>, attrs: object, ins: Metas, outs: Metas) {
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

  get attrs(): object {
    return this.#attrs;
  }

  override apply(grads: readonly (Tensor | undefined)[], needed: readonly boolean[]): (Tensor | undefined)[] {
    const g = grads[0];
    if (!g) return [];
    const saved: Record<string, Tensor> = {};
    for (const [key, s] of Object.entries(this.saved)) saved[key] = s.unpack(this);
    const rule = this.#op.backward as (g: Tensor, saved: Record<string, Tensor>, attrs: object, ins: Metas) => Record<string, (() => Tensor) | undefined>;
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
