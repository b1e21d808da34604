// class Tensor: a view of a storage that takes part in the graph. Its operators come from the kits in src/ops (methods.ts installs them).
import { told } from "../autograd/anomaly.ts";
import { backward, backwardDefaults, type BackwardOptions, edgeOf } from "../autograd/engine.ts";
import { checkInPlace, CopySlices, type ViewPath } from "../autograd/inplace.ts";
import { enableGrad, isGradEnabled, noGrad } from "../autograd/mode.ts";
import { Accumulate, type Edge, type GradHook, type Node } from "../autograd/node.ts";
import { relieve, track, untrack } from "../autograd/pressure.ts";
import { carryOn, enter, keep, leave } from "../autograd/scope.ts";
import { mark } from "../base/copies.ts";
import { type DType, type DTypeLike, isFloat, type TypedArray } from "../base/dtype.ts";
import { DeviceError, GradError, ShapeError, show, under } from "../base/errors.ts";
import { memo } from "../base/memo.ts";
import { parse } from "../base/options.ts";
import { contiguous, type Geometry, isContiguous, normalizeDim, sameShape, sizeOf } from "../base/shape.ts";
import { quiet } from "../base/turn.ts";
import { cpu, dense } from "../device/cpu.ts";
import { checkSupport, type Device, released, Storage } from "../device/device.ts";
import { operand } from "../ops/arguments.ts";
import type { DeviceName } from "./device.ts";
import { destination, knownValue, type ToOptions } from "./transfer.ts";

export type Nested = number | boolean | Nested[];
/** Largest index tensor or mask whose elements the host keeps beside the device's. */
const visibleElements = 1 << 16;

/** An n-dimensional array on a device, with a place in the autograd graph. Make one with tensor(), zeros(), randn() and the like. */
export class Tensor implements Geometry {
  readonly storage: Storage;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly offset: number;
  /** The tensor this one is a view of, and the way from there. */
  viewOf: Tensor | undefined;
  path: ViewPath | undefined;
  /** Recorded in-place changes of this tensor's history; for a view, how many of its base's it has taken in. */
  #rewrites = 0;
  #edge: Edge | undefined;
  #grad: Tensor | undefined;
  #gradSeen = false;
  #disposed = false;
  /** For the collector (autograd/pressure.ts): whether it watches this handle, and host bytes standing in for GPU bytes. */
  tracked = false;
  pressure: ArrayBuffer | undefined;

  /** Takes over one reference of `storage`. Internal: users call the creation functions. */
  constructor(storage: Storage, dtype: DType, { shape, strides, offset }: Geometry) {
    this.storage = storage;
    this.dtype = dtype;
    this.shape = shape;
    this.strides = strides;
    this.offset = offset;
    enter(this);
  }

  /** A tensor whose elements are all `value`; memory is taken only when a kernel needs it. */
  static constant(device: Device, value: number, dtype: DType, shape: readonly number[]): Tensor {
    return new Tensor(new Storage(device, dtype, sizeOf(shape), undefined, value), dtype, contiguous(shape));
  }

  /** A tensor of host data, which is already in the array of `dtype`. */
  static upload(device: Device, dtype: DType, data: TypedArray, shape: readonly number[]): Tensor {
    const storage = new Storage(device, dtype, data.length, device.upload(dtype, data));
    // Indices and masks stay visible to the host, so that their range and count are known without a read.
    if (device.type !== "cpu" && !isFloat(dtype) && data.length <= visibleElements) storage.uploaded = data;
    return new Tensor(storage, dtype, contiguous(shape));
  }

  get device(): { readonly type: "cpu" | "webgpu" } {
    return this.storage.device;
  }
  get ndim(): number {
    return this.shape.length;
  }
  /** The sizes of all dimensions, or of one. Errors: ShapeError for a dimension that is not there. */
  size(): readonly number[];
  size(dim: number): number;
  size(...rest: [dim?: number]): readonly number[] | number {
    const { dim } = under("size", () => parse(rest, { dim: null as number | null }));
    return dim === null ? this.shape : this.shape[under("size", () => normalizeDim(dim, this.ndim))]!;
  }
  /** Number of dimensions. */
  dim(): number {
    return this.ndim;
  }
  /** Number of elements. */
  numel(): number {
    return sizeOf(this.shape);
  }
  isContiguous(): boolean {
    return isContiguous(this);
  }
  /** True when this is all of its storage, in order. */
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
  /** Sets whether operators on this tensor are recorded. Errors: GradError for integer dtypes and for non-leaves switched off. */
  requiresGrad_(value = true): this {
    return under("requiresGrad_", () => {
      if (value && !isFloat(this.dtype)) throw new GradError(`the tensor is ${this.dtype}`, "only floats have gradients");
      if (!value && !this.isLeaf) throw new GradError("only leaves can be cut off", "use detach()");
      if (value !== this.requiresGrad) this.#edge = value ? { node: new Accumulate(this), index: 0 } : undefined;
      return this;
    });
  }
  /** Where its gradient flows: into the node that made it, or the sink of a leaf. */
  get edge(): Edge | undefined {
    const base = this.viewOf;
    // A view whose base was rewritten in place since takes its history anew from there.
    if (base && base.#rewrites !== this.#rewrites && isFloat(this.dtype)) {
      // The base may have been disposed of since: its memory lives in this view.
      const source = base.alias();
      const again = enableGrad(() => this.path!.replay(source));
      this.#rewrites = base.#rewrites;
      this.#edge = again.#edge;
      again.dispose();
      source.dispose();
    }
    return this.#edge;
  }
  /** The node that made this tensor, null for leaves. */
  get gradFn(): Node | null {
    const node = this.edge?.node;
    return !node || node instanceof Accumulate ? null : node;
  }
  /** Which output of `gradFn` this is. */
  get outputIndex(): number {
    return this.edge?.index ?? 0;
  }
  get isLeaf(): boolean {
    return this.gradFn === null;
  }
  /**
   * The same elements outside of the graph: `p.data.clamp_(0, 1)` writes into p unseen by autograd. Setting it makes p hold the elements of
   * another tensor, wherever and in whatever shape these are, as PyTorch does. Errors: GradError for a tensor that is no leaf.
   */
  get data(): Tensor {
    return this.detach();
  }
  set data(value: Tensor) {
    under("data", () => this.moveTo(operand(value, "value").detach()));
  }
  /** The accumulated gradient, null before the first backward and after zeroGrad. */
  get grad(): Tensor | null {
    if (this.#grad) this.#gradSeen = true;
    return this.#grad ?? null;
  }
  set grad(value: Tensor | null) {
    if (value && !sameShape(value.shape, this.shape))
      throw new ShapeError(`${show(value.shape)} is not the shape of the tensor, ${show(this.shape)}`, "", "grad");
    // A gradient nobody has looked at can go at once instead of waiting for the collector.
    if (this.#grad && this.#grad !== value && !this.#gradSeen) this.#grad.dispose();
    value?.checkLive("grad");
    this.#grad = value ? keep(value) : undefined;
    this.#gradSeen = true;
  }
  /** The gradient for library code, which does not keep it: leaves it free for early release. */
  peekGrad(): Tensor | undefined {
    return this.#grad;
  }

  /** Accumulates gradients of the leaves below this tensor. `gradient` may be left out for one element. */
  backward(
    ...rest:
      | [gradient?: Tensor | null, retainGraph?: boolean | null, createGraph?: boolean, inputs?: BackwardOptions["inputs"]]
      | [gradient: Tensor | null, options: BackwardOptions]
      | [options: BackwardOptions & { readonly gradient?: Tensor | null }]
  ): void {
    const { gradient, ...options } = under("backward", () => parse(rest, { gradient: null as Tensor | null, ...backwardDefaults }));
    backward(this, gradient, options);
  }
  /** Same storage, no graph. */
  detach(): Tensor {
    this.checkLive("detach");
    return this.alias(false);
  }
  /** Keeps the gradient of a non-leaf in `grad`. */
  retainGrad(): void {
    const { index } = under("retainGrad", () => edgeOf(this, "the tensor"));
    this.gradFn?.retained.set(index, this);
  }
  /** Calls hook with every gradient of this tensor; what it returns replaces the gradient. Returns a handle to remove it. */
  registerHook(hook: GradHook): { remove(): void } {
    const { node, index } = under("registerHook", () => edgeOf(this, "the tensor"));
    const hooks = memo(node.hooks, index, () => new Set());
    hooks.add(hook);
    return { remove: () => void hooks.delete(hook) };
  }

  /** Another handle on the same elements; with `graph`, at the same place in the graph. */
  alias(graph = true): Tensor {
    const other = new Tensor(this.storage.retain(), this.dtype, this);
    return graph ? other.#at(this.edge) : other;
  }
  /** A view of the same storage with another geometry, not yet recorded. `step` makes the same view of another tensor in this one's shape. */
  viewed(geometry: Geometry, step: ViewPath): Tensor {
    sizeOf(geometry.shape); // refuses before memory is shared
    const before = this.path;
    const path = before && {
      replay: (base: Tensor) => step.replay(before.replay(base)),
      absolute: before.absolute || step.absolute,
      owner: before.owner,
    };
    return new Tensor(this.storage.retain(), this.dtype, geometry).seenFrom(this.viewOf ?? this, path ?? step);
  }
  /** Makes this a view of `base`, or of nothing. */
  seenFrom(base?: Tensor, path?: ViewPath): this {
    [this.viewOf, this.path, this.#rewrites] = [base, path, base ? base.#rewrites : 0];
    return this;
  }
  /** A copy of the present contents at the same place in the graph, for an in-place operator that needs them later. */
  preserved(): Tensor {
    return noGrad(() => this.clone()).#at(this.edge);
  }
  setHistory(node: Node, index: number): void {
    this.#at({ node, index });
  }
  #at(edge: Edge | undefined): this {
    this.#edge = edge;
    return this;
  }
  /** In-place operators: from now on this tensor, which was input number `self` of `node`, is its output `index`. A view hands this on to its base. */
  rebase(node: Node, self: number, index = 0): void {
    const base = this.viewOf;
    if (base && this.path) base.setHistory(new CopySlices(base, this.path, node, self), 0);
    else this.setHistory(node, index);
    carryOn(base ?? this);
    (base ?? this).#rewrites++;
  }
  /** Becomes `value` (used up) with gradient `grad`, perhaps elsewhere: how a module moves while others keep hold of its parameters. */
  moveTo(value: Tensor, grad?: Tensor): void {
    if (!this.isLeaf) throw new GradError("only leaves can move", "use to()", "moveTo");
    this.checkLive("moveTo");
    const own = this as { -readonly [K in "storage" | "dtype" | "shape" | "strides" | "offset"]: Tensor[K] };
    const { storage, dtype, shape, strides, offset } = value;
    untrack(this);
    this.storage.release();
    Object.assign(own, { storage: storage.retain(), dtype, shape, strides, offset });
    value.dispose();
    track(this);
    if (this.#edge) this.#edge = { node: new Accumulate(this), index: 0 };
    this.grad = grad ?? null;
  }
  /** Adds to `grad`; takes ownership of `g`. */
  receiveGrad(g: Tensor, createGraph: boolean): void {
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
  /** Errors: ArgumentError for a tensor that overlaps itself, GradError when writing here would break a recorded gradient. */
  checkInPlace(): void {
    checkInPlace(this);
  }

  // ---- values ---------------------------------------------------------------------------------------------------

  /** The elements in row-major order, after everything recorded so far. */
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
  /** The value of a one-element tensor. Errors: ShapeError for any other size. */
  item(): Promise<number> {
    return quiet(this.#item());
  }
  async #item(): Promise<number> {
    this.checkLive("item");
    if (this.numel() !== 1) throw new ShapeError(`the tensor has ${this.numel()} elements, not 1`, "", "item");
    return (await this.array())[0]!;
  }
  /** Nested arrays of numbers (booleans for bool), a plain number for 0-d. */
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
  /** A constant tensor of this dtype and device, in this shape or the given one. */
  filledLike(value: number, shape: readonly number[] = this.shape): Tensor {
    return Tensor.constant(this.storage.device, value, this.dtype, shape);
  }
  /** A tensor of host data on this device. */
  uploadedLike(dtype: DType, data: TypedArray, shape: readonly number[]): Tensor {
    return Tensor.upload(this.storage.device, dtype, data, shape);
  }
  /**
   * This tensor as another dtype, on another device, or both: `to("int32")`, `to("webgpu")`, `to({ device, dtype })`, `to(other)`.
   * Itself when nothing changes. From the CPU to WebGPU elements are uploaded at once; the way back cannot be synchronous: await cpu().
   * Errors: DeviceError from WebGPU to the CPU, GradError where a gradient would have to cross devices.
   */
  to(target: DTypeLike | DeviceName | Tensor | ToOptions, options?: ToOptions): Tensor {
    return under("to", () => {
      const { device, dtype, copy } = destination(this, target, options);
      const moved = this.moved(device, dtype);
      return moved === this && copy ? this.clone() : moved;
    });
  }
  /** This tensor elsewhere or in another dtype, itself when nothing changes. */
  moved(device: Device, dtype: DType): Tensor {
    this.checkLive();
    // The CPU has every dtype: where one of the two devices is the CPU, that is where it changes.
    if (this.device.type === "cpu" && this.dtype !== dtype) return (this.cast(dtype) as Tensor).moved(device, dtype);
    const here = this.#on(device);
    return here.dtype === dtype ? here : here.cast(dtype);
  }
  /** The elements on the CPU, itself when they are there already; a copy without graph otherwise. */
  async cpu(): Promise<Tensor> {
    this.checkLive("cpu");
    if (this.device.type === "cpu") return this;
    return Tensor.upload(cpu, this.dtype, await this.array(), this.shape);
  }
  /** The tensor in float64, on the CPU only; itself when it is already. */
  double(): Tensor {
    return this.to("float64");
  }
  #on(device: Device): Tensor {
    const { storage, dtype, shape } = this;
    const own = storage.device;
    if (own === device) return this;
    if (this.requiresGrad && isGradEnabled())
      throw new GradError(`a gradient cannot flow from ${device.type} to ${own.type}`, "detach() first");
    checkSupport(device, dtype);
    // A single number stays known to the host, so that counters can be read without waiting.
    const value = knownValue(this) ?? storage.constant;
    if (value !== undefined) return Tensor.constant(device, value, dtype, shape);
    if (own.type !== "cpu") throw own.lost ?? new DeviceError(`elements on ${own.type} cannot be read at once`, "await cpu() instead");
    const data = dense(this);
    return Tensor.upload(device, dtype, isFloat(dtype) ? data : (data.slice() as TypedArray), shape);
  }
  /** Writes zeros into this tensor. */
  zero_(): this {
    return this.fill_(0) as this;
  }
  /** A constant scalar moved to another device; only for tensors whose value is known. */
  constantOn(device: Device): Tensor {
    return Tensor.constant(device, this.storage.constant!, this.dtype, this.shape).#at(this.edge);
  }

  /** What it is; print.ts shows the values. */
  toString(): string {
    return `tensor(${this.dtype}${show(this.shape)} on ${this.device.type})`;
  }

  // ---- lifetime -------------------------------------------------------------------------------------------------

  get disposed(): boolean {
    return this.#disposed;
  }
  /** Errors: DeviceError after dispose(), or the end of the tidy() that made this handle and did not return it. */
  checkLive(op?: string): void {
    if (this.#disposed) throw released(op);
  }
  /** Gives this handle's share of the memory back now instead of at garbage collection. Using it afterwards throws. */
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
