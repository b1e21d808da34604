// The class behind the interface of src/ops/tensor.ts: a view of a storage that takes part in the graph. Its operators come from the kits in
// src/ops (methods.ts installs them).
import { told } from "../autograd/anomaly.ts";
import { backward, backwardDefaults, edgeOf } from "../autograd/engine.ts";
import type { History } from "../autograd/history.ts";
import { checkInPlace, CopySlices, type ViewPath } from "../autograd/inplace.ts";
import { enableGrad, isGradEnabled, noGrad } from "../autograd/mode.ts";
import { Accumulate, type Edge, type Node, nodeOf } from "../autograd/node.ts";
import { relieve, track, untrack } from "../autograd/pressure.ts";
import { carryOn, enter, keep, leave } from "../autograd/scope.ts";
import { mark } from "../base/copies.ts";
import { asDType, type DType, type DTypeLike, isFloat, type TypedArray } from "../base/dtype.ts";
import { DeviceError, GradError, ShapeError, show, under } from "../base/errors.ts";
import { memo } from "../base/memo.ts";
import { parse } from "../base/options.ts";
import { contiguous, type Geometry, isContiguous, normalizeDim, sameShape, sizeOf } from "../base/shape.ts";
import { quiet } from "../base/turn.ts";
import { cpu, dense } from "../device/cpu.ts";
import { checkSupport, type Device, type DeviceLike, released, Storage } from "../device/device.ts";
import { operand } from "../ops/arguments.ts";
import type { BackwardOptions, GradHook, Nested, Tensor as Face, ToOptions, ToRest } from "../ops/tensor.ts";
import { deviceNamed } from "./device.ts";
import { knownValue, wanted } from "./transfer.ts";

/** Largest index tensor or mask whose elements the host keeps beside the device's. */
const visibleElements = 1 << 16;

/** What the floors from here up do with a tensor besides. */
interface Moves {
  /** A view of the same storage with another geometry, not yet recorded. `step` makes the same view of another tensor in this one's shape. */
  viewed(geometry: Geometry, step: ViewPath): Face;
  /** This tensor elsewhere or in another dtype, itself when nothing changes. */
  moved(device: Device, dtype: DType): Face;
  /** Becomes `value` (used up) with gradient `grad`, perhaps elsewhere: how a module moves while others keep hold of its parameters. */
  moveTo(value: Face, grad?: Face): void;
  /** A constant scalar moved to another device; only for tensors whose value is known. */
  constantOn(device: Device): Face;
}
declare module "../ops/tensor.ts" {
  /** @internal */
  interface Tensor extends Moves {}
}

// Kits put the methods there that the interface promises.
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging
interface TensorImpl extends Face {}
class TensorImpl implements History, Moves {
  static readonly name: string = "Tensor";
  readonly storage: Storage;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly offset: number;
  viewOf: TensorImpl | undefined;
  path: ViewPath | undefined;
  /** Recorded in-place changes of this tensor's history; for a view, how many of its base's it has taken in. */
  #rewrites = 0;
  #edge: Edge | undefined;
  #grad: Face | undefined;
  #gradSeen = false;
  #disposed = false;
  tracked = false;
  pressure: ArrayBuffer | undefined;

  constructor(storage: Storage, dtype: DType, { shape, strides, offset }: Geometry) {
    this.storage = storage;
    this.dtype = dtype;
    this.shape = shape;
    this.strides = strides;
    this.offset = offset;
    enter(this);
  }

  static constant(device: Device, value: number, dtype: DType, shape: readonly number[]): TensorImpl {
    return new TensorImpl(new Storage(device, dtype, sizeOf(shape), undefined, value), dtype, contiguous(shape));
  }

  static upload(device: Device, dtype: DType, data: TypedArray, shape: readonly number[]): TensorImpl {
    const storage = new Storage(device, dtype, data.length, device.upload(dtype, data));
    // Indices and masks stay visible to the host, so that their range and count are known without a read.
    if (device.type !== "cpu" && !isFloat(dtype) && data.length <= visibleElements) storage.uploaded = data;
    return new TensorImpl(storage, dtype, contiguous(shape));
  }

  get device(): { readonly type: "cpu" | "webgpu" } {
    return this.storage.device;
  }
  get ndim(): number {
    return this.shape.length;
  }
  size(): readonly number[];
  size(dim: number): number;
  size(...rest: [dim?: number]): readonly number[] | number {
    const { dim } = under("size", () => parse(rest, { dim: null as number | null }));
    return dim === null ? this.shape : this.shape[under("size", () => normalizeDim(dim, this.ndim))]!;
  }
  dim(): number {
    return this.ndim;
  }
  numel(): number {
    return sizeOf(this.shape);
  }
  isContiguous(): boolean {
    return isContiguous(this);
  }
  get whole(): boolean {
    return this.storage.elements === this.numel() && isContiguous(this);
  }

  // ---- autograd -------------------------------------------------------------------------------------------------

  get requiresGrad(): boolean {
    return this.edge !== undefined;
  }
  set requiresGrad(value: boolean) {
    this.requiresGrad_(value);
  }
  requiresGrad_(...rest: [requiresGrad?: boolean]): this {
    return under("requiresGrad_", () => {
      const { requiresGrad: value } = parse(rest, { requiresGrad: true });
      if (value && !isFloat(this.dtype)) throw new GradError(`the tensor is ${this.dtype}`, "only floats have gradients");
      if (!value && !this.isLeaf) throw new GradError("only leaves can be cut off", "use detach()");
      if (value !== this.requiresGrad) this.#edge = value ? { node: new Accumulate(this), index: 0 } : undefined;
      return this;
    });
  }
  get edge(): Edge | undefined {
    const base = this.viewOf;
    // A view whose base was rewritten in place since takes its history anew from there.
    if (base && base.#rewrites !== this.#rewrites && isFloat(this.dtype)) {
      // The base may have been disposed of since: its memory lives in this view.
      const source = base.alias();
      const again = enableGrad(() => this.path!.replay(source));
      this.#rewrites = base.#rewrites;
      this.#edge = again.edge;
      again.dispose();
      source.dispose();
    }
    return this.#edge;
  }
  get gradFn(): Node | null {
    return nodeOf(this) ?? null;
  }
  get isLeaf(): boolean {
    return this.gradFn === null;
  }
  get data(): Face {
    return this.detach();
  }
  set data(value: Face) {
    under("data", () => this.moveTo(operand(value, "value").detach()));
  }
  get grad(): Face | null {
    if (this.#grad) this.#gradSeen = true;
    return this.#grad ?? null;
  }
  set grad(value: Face | null) {
    if (value && !sameShape(value.shape, this.shape))
      throw new ShapeError(`${show(value.shape)} is not the shape of the tensor, ${show(this.shape)}`, "", "grad");
    // A gradient nobody has looked at can go at once instead of waiting for the collector.
    if (this.#grad && this.#grad !== value && !this.#gradSeen) this.#grad.dispose();
    value?.checkLive("grad");
    this.#grad = value ? keep(value) : undefined;
    this.#gradSeen = true;
  }
  peekGrad(): Face | undefined {
    return this.#grad;
  }

  backward(
    ...rest:
      | [gradient?: Face | null, retainGraph?: boolean | null, createGraph?: boolean, inputs?: BackwardOptions["inputs"]]
      | [gradient: Face | null, options: BackwardOptions]
      | [options: BackwardOptions & { readonly gradient?: Face | null }]
  ): void {
    const { gradient, ...options } = under("backward", () => parse(rest, { gradient: null as Face | null, ...backwardDefaults }));
    backward(this, gradient, options);
  }
  detach(): Face {
    this.checkLive("detach");
    return this.alias(false);
  }
  retainGrad(): void {
    const { index } = under("retainGrad", () => edgeOf(this, "the tensor"));
    this.gradFn?.retained.set(index, this);
  }
  registerHook(hook: GradHook): { remove(): void } {
    const { node, index } = under("registerHook", () => edgeOf(this, "the tensor"));
    const hooks = memo(node.hooks, index, () => new Set()).add(hook);
    return { remove: (...rest: []) => under("remove", () => void (parse(rest, {}), hooks.delete(hook))) };
  }

  alias(graph = true): Face {
    const other = new TensorImpl(this.storage.retain(), this.dtype, this);
    return graph ? other.#at(this.edge) : other;
  }
  viewed(geometry: Geometry, step: ViewPath): Face {
    sizeOf(geometry.shape); // refuses before memory is shared
    const before = this.path;
    const path = before && {
      replay: (base: Face) => step.replay(before.replay(base)),
      absolute: before.absolute || step.absolute,
      owner: before.owner,
    };
    return new TensorImpl(this.storage.retain(), this.dtype, geometry).seenFrom(this.viewOf ?? this, path ?? step);
  }
  seenFrom(base?: Face, path?: ViewPath): this {
    this.viewOf = base as TensorImpl | undefined;
    [this.path, this.#rewrites] = [path, this.viewOf ? this.viewOf.#rewrites : 0];
    return this;
  }
  preserved(): Face {
    return (noGrad(() => this.clone()) as TensorImpl).#at(this.edge);
  }
  setHistory(node: Node, index: number): void {
    this.#at({ node, index });
  }
  #at(edge: Edge | undefined): this {
    this.#edge = edge;
    return this;
  }
  rebase(node: Node, self: number, index = 0): void {
    const base = this.viewOf;
    if (base && this.path) base.setHistory(new CopySlices(base, this.path, node, self), 0);
    else this.setHistory(node, index);
    carryOn(base ?? this);
    (base ?? this).#rewrites++;
  }
  moveTo(value: Face, grad?: Face): void {
    if (!this.isLeaf) throw new GradError("only leaves can move", "use to()", "moveTo");
    this.checkLive("moveTo");
    const own = this as { -readonly [K in "storage" | "dtype" | "shape" | "strides" | "offset"]: Face[K] };
    const { storage, dtype, shape, strides, offset } = value;
    untrack(this);
    this.storage.release();
    Object.assign(own, { storage: storage.retain(), dtype, shape, strides, offset });
    value.dispose();
    track(this);
    if (this.#edge) this.#edge = { node: new Accumulate(this), index: 0 };
    this.grad = grad ?? null;
  }
  receiveGrad(g: Face, createGraph: boolean): void {
    const old = this.#grad;
    if (!old) {
      const exclusive = !g.storage.shared && g.whole && g.storage.constant === undefined;
      this.#grad = keep(createGraph || exclusive ? g : g.clone());
      this.#gradSeen = false;
      if (this.#grad !== g) g.dispose();
    } else if (createGraph) {
      this.#grad = keep(old.add(g));
      this.#gradSeen = true;
    } else {
      old.add_(g);
      g.dispose();
    }
  }
  checkInPlace(): void {
    checkInPlace(this);
  }

  // ---- values ---------------------------------------------------------------------------------------------------

  array(): Promise<TypedArray> {
    return quiet(this.#array());
  }
  async #array(): Promise<TypedArray> {
    this.checkLive("array");
    const data = await this.storage.device.read(isContiguous(this) ? this : this.detach().contiguous());
    await told();
    await relieve();
    return data;
  }
  item(): Promise<number> {
    return quiet(this.#item());
  }
  async #item(): Promise<number> {
    this.checkLive("item");
    if (this.numel() !== 1) throw new ShapeError(`the tensor has ${this.numel()} elements, not 1`, "", "item");
    return (await this.array())[0]!;
  }
  tolist(): Promise<Nested> {
    return quiet(this.#tolist());
  }
  async #tolist(): Promise<Nested> {
    this.checkLive("tolist");
    const data = await this.array();
    const bool = this.dtype === "bool";
    let at = 0;
    const build = (d: number): Nested => {
      if (d === this.ndim) return bool ? data[at++] !== 0 : data[at++]!;
      return Array.from({ length: this.shape[d]! }, () => build(d + 1));
    };
    return build(0);
  }
  filledLike(value: number, shape: readonly number[] = this.shape): Face {
    return TensorImpl.constant(this.storage.device, value, this.dtype, shape);
  }
  uploadedLike(dtype: DType, data: TypedArray, shape: readonly number[]): Face {
    return TensorImpl.upload(this.storage.device, dtype, data, shape);
  }
  to(target: DTypeLike | DeviceLike | Face | ToOptions, ...rest: ToRest): Face {
    return under("to", () => {
      const own = { dtype: this.dtype as DTypeLike, device: this.device as DeviceLike, copy: false };
      const { dtype, device, copy } = wanted(target, rest, own);
      const moved = this.moved(deviceNamed(device), asDType(dtype));
      return moved === this && copy ? this.clone() : moved;
    });
  }
  moved(device: Device, dtype: DType): Face {
    this.checkLive();
    // The CPU has every dtype: where one of the two devices is the CPU, that is where it changes.
    if (this.device.type === "cpu" && this.dtype !== dtype) return (this.cast(dtype) as Face).moved(device, dtype);
    const here = this.#on(device);
    return here.dtype === dtype ? here : here.cast(dtype);
  }
  async cpu(): Promise<Face> {
    this.checkLive("cpu");
    if (this.device.type === "cpu") return this;
    return TensorImpl.upload(cpu, this.dtype, await this.array(), this.shape);
  }
  double(): Face {
    return this.to("float64");
  }
  #on(device: Device): Face {
    const { storage, dtype, shape } = this;
    const own = storage.device;
    if (own === device) return this;
    if (this.requiresGrad && isGradEnabled())
      throw new GradError(`a gradient cannot flow from ${device.type} to ${own.type}`, "detach() first");
    checkSupport(device, dtype);
    // A single number stays known to the host, so that counters can be read without waiting.
    const value = knownValue(this) ?? storage.constant;
    if (value !== undefined) return TensorImpl.constant(device, value, dtype, shape);
    if (own.type !== "cpu") throw own.lost ?? new DeviceError(`elements on ${own.type} cannot be read at once`, "await cpu() instead");
    const data = dense(this);
    return TensorImpl.upload(device, dtype, isFloat(dtype) ? data : (data.slice() as TypedArray), shape);
  }
  zero_(): this {
    return this.fill_(0) as this;
  }
  constantOn(device: Device): Face {
    return TensorImpl.constant(device, this.storage.constant!, this.dtype, this.shape).#at(this.edge);
  }

  /** What it is; print.ts shows the values. */
  toString(): string {
    return `tensor(${this.dtype}${show(this.shape)} on ${this.device.type})`;
  }

  // ---- lifetime -------------------------------------------------------------------------------------------------

  get disposed(): boolean {
    return this.#disposed;
  }
  checkLive(op?: string): void {
    if (this.#disposed) throw released(op);
  }
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    leave(this);
    untrack(this);
    this.storage.release();
  }
  [Symbol.dispose](): void {
    this.dispose();
  }
  static {
    mark(this.prototype, "tensor");
  }
}

/** What tensors are made by, for instanceof and for the library's own subclasses. */
export interface TensorClass {
  /** Takes over one reference of `storage`. Internal: users call the creation functions. */
  new (storage: Storage, dtype: DType, geometry: Geometry): Face;
  readonly prototype: Face;
  /** @internal A tensor whose elements are all `value`; memory is taken only when a kernel needs it. */
  constant(device: Device, value: number, dtype: DType, shape: readonly number[]): Face;
  /** @internal A tensor of host data, which is already in the array of `dtype`. */
  upload(device: Device, dtype: DType, data: TypedArray, shape: readonly number[]): Face;
}
export type Tensor = Face;
/** The class of all tensors. Make one with tensor(), zeros(), randn() and the like. */
export const Tensor: TensorClass = TensorImpl;
