// class Tensor: a view of a storage that takes part in the graph. Its operators come from the table (src/methods.ts installs them).
import { backward, type BackwardOptions } from "./autograd/engine.ts";
import { isGradEnabled } from "./autograd/mode.ts";
import { Accumulate, type GradHook, type Node } from "./autograd/node.ts";
import { type Device, Storage } from "./backend/backend.ts";
import { type DType, isFloat, type TypedArray } from "./base/dtype.ts";
import { GradError, ShapeError, show } from "./base/errors.ts";
import { contiguous, type Geometry, isContiguous, sizeOf } from "./base/shape.ts";
import { enter, keep, leave } from "./autograd/scope.ts";
import type { Methods } from "./ops/methods.ts";

export type Nested = number | boolean | Nested[];

// GPU bytes are invisible to the collector, so handles carry host bytes in proportion: collection then keeps pace with GPU memory.
const pressureFactor = 1;
const released = new FinalizationRegistry<Storage>((storage) => storage.release());

// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging
export interface Tensor extends Methods {}

/** An n-dimensional array on a device, with a place in the autograd graph. Make one with tensor(), zeros(), randn() and the like. */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging
export class Tensor implements Geometry {
  readonly storage: Storage;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly offset: number;
  /** Which output of `gradFn` this is. */
  outputIndex = 0;
  /** The tensor this one is a view of. */
  viewOf: Tensor | undefined;
  #requiresGrad = false;
  #gradFn: Node | undefined;
  #grad: Tensor | undefined;
  #gradSeen = false;
  #accumulator: Accumulate | undefined;
  #disposed = false;
  /** Host bytes standing in for the GPU bytes of a fresh storage. */
  protected pressure: ArrayBuffer | undefined;

  /** Takes over one reference of `storage`. Internal: users call the creation functions. */
  constructor(storage: Storage, dtype: DType, { shape, strides, offset }: Geometry) {
    this.storage = storage;
    this.dtype = dtype;
    this.shape = shape;
    this.strides = strides;
    this.offset = offset;
    enter(this);
    if (storage.device.type !== "cpu") {
      released.register(this, storage, this);
      if (!storage.shared && storage.bytes > 0) this.pressure = new ArrayBuffer(storage.bytes * pressureFactor);
    }
  }

  /** A tensor whose elements are all `value`; memory is taken only when a kernel needs it. */
  static constant(device: Device, value: number, dtype: DType, shape: readonly number[]): Tensor {
    return new Tensor(new Storage(device, dtype, sizeOf(shape), undefined, value), dtype, contiguous(shape));
  }

  get device(): { readonly type: "cpu" | "webgpu" } {
    return this.storage.device;
  }
  get ndim(): number {
    return this.shape.length;
  }
  /** Number of elements. */
  get size(): number {
    return sizeOf(this.shape);
  }
  numel(): number {
    return this.size;
  }
  isContiguous(): boolean {
    return isContiguous(this);
  }

  // ---- autograd -------------------------------------------------------------------------------------------------

  get requiresGrad(): boolean {
    return this.#requiresGrad;
  }
  set requiresGrad(value: boolean) {
    this.requiresGrad_(value);
  }
  /** Sets whether operators on this tensor are recorded. Errors: GradError for integer dtypes and for non-leaves switched off. */
  requiresGrad_(value = true): this {
    if (value && !isFloat(this.dtype)) throw new GradError("requiresGrad_", `only floating tensors can require a gradient, this is ${this.dtype}`);
    if (!value && this.#gradFn) throw new GradError("requiresGrad_", "cannot be switched off on a result of recorded operators", "use detach()");
    this.#requiresGrad = value;
    return this;
  }
  /** The node that made this tensor, null for leaves. */
  get gradFn(): Node | null {
    return this.#gradFn ?? null;
  }
  get isLeaf(): boolean {
    return this.#gradFn === undefined;
  }
  /** The accumulated gradient, null before the first backward and after zeroGrad. */
  get grad(): Tensor | null {
    if (this.#grad) this.#gradSeen = true;
    return this.#grad ?? null;
  }
  set grad(value: Tensor | null) {
    if (value !== null && (value.size !== this.size || value.shape.some((d, i) => d !== this.shape[i])))
      throw new ShapeError("grad", `a gradient of shape ${show(value.shape)} does not fit a tensor of shape ${show(this.shape)}`);
    // A gradient nobody has looked at can go at once instead of waiting for the collector.
    if (this.#grad && this.#grad !== value && !this.#gradSeen) this.#grad.dispose();
    this.#grad = value === null ? undefined : keep(value);
    this.#gradSeen = value !== null;
  }
  /** The gradient for library code, which does not keep it: leaves it free for early release. */
  peekGrad(): Tensor | undefined {
    return this.#grad;
  }

  /** Accumulates gradients of the leaves below this tensor. `gradient` may be left out for one element. */
  backward(gradient?: Tensor | null | BackwardOptions, options?: BackwardOptions): void {
    if (gradient === undefined || gradient === null || gradient instanceof Tensor) backward(this, gradient ?? null, options);
    else backward(this, null, gradient);
  }
  /** Same storage, no graph. */
  detach(): Tensor {
    return this.alias(false);
  }
  /** Keeps the gradient of a non-leaf in `grad`. */
  retainGrad(): void {
    if (!this.#requiresGrad) throw new GradError("retainGrad", "the tensor does not require a gradient");
    this.#gradFn?.retained.set(this.outputIndex, this);
  }
  /** Calls hook with every gradient of this tensor; what it returns replaces the gradient. Returns a handle to remove it. */
  registerHook(hook: GradHook): { remove(): void } {
    if (!this.#requiresGrad) throw new GradError("registerHook", "the tensor does not require a gradient");
    const node = this.#gradFn ?? this.accumulator();
    let hooks = node.hooks.get(this.outputIndex);
    if (!hooks) node.hooks.set(this.outputIndex, (hooks = new Set()));
    hooks.add(hook);
    return { remove: () => void hooks.delete(hook) };
  }

  /** Another handle on the same elements; with `graph`, at the same place in the graph. */
  alias(graph = true): Tensor {
    const other = new Tensor(this.storage.retain(), this.dtype, this);
    if (graph && this.#requiresGrad) {
      other.#requiresGrad = true;
      other.#gradFn = this.#gradFn;
      other.outputIndex = this.outputIndex;
      if (!this.#gradFn) other.#accumulator = this.accumulator();
    }
    return other;
  }
  /** A view of the same storage with another geometry, not yet recorded. */
  viewed(geometry: Geometry): Tensor {
    const view = new Tensor(this.storage.retain(), this.dtype, geometry);
    view.viewOf = this.viewOf ?? this;
    return view;
  }
  setHistory(node: Node, index: number): void {
    this.#requiresGrad = true;
    this.#gradFn = node;
    this.outputIndex = index;
  }
  /** In-place operators: the tensor is from now on the output of `node`. */
  rebase(node: Node): void {
    this.setHistory(node, 0);
  }
  accumulator(): Accumulate {
    return (this.#accumulator ??= new Accumulate(this));
  }
  /** Adds to `grad`; takes ownership of `g`. */
  receiveGrad(g: Tensor, createGraph: boolean): void {
    const old = this.#grad;
    if (!old) {
      const exclusive = !g.storage.shared && isContiguous(g) && g.storage.elements === g.size && g.storage.constant === undefined;
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
  /** Errors: GradError when writing here would break a recorded gradient. */
  checkInPlace(op: string): void {
    if (!isGradEnabled()) return;
    if (this.isLeaf && this.#requiresGrad) throw new GradError(op, "a leaf that requires a gradient cannot be changed in place", "wrap it in noGrad(), or work on a clone");
    if (this.viewOf?.isLeaf && this.viewOf.requiresGrad) throw new GradError(op, "a view of a leaf that requires a gradient cannot be changed in place", "wrap it in noGrad()");
    if (this.viewOf) throw new GradError(op, "a view cannot be changed in place while its gradient is recorded", "clone it first, or wrap it in noGrad()");
  }

  // ---- values ---------------------------------------------------------------------------------------------------

  /** The elements in row-major order, after everything recorded so far. */
  async data(): Promise<TypedArray> {
    const dense = isContiguous(this) ? this : this.detach().contiguous();
    return this.storage.device.read(dense);
  }
  /** The value of a one-element tensor. Errors: ShapeError for any other size. */
  async item(): Promise<number> {
    if (this.size !== 1) throw new ShapeError("item", `the tensor has ${this.size} elements, item needs 1`);
    return (await this.data())[0]!;
  }
  /** Nested arrays of numbers (booleans for bool), a plain number for 0-d. */
  async tolist(): Promise<Nested> {
    const data = await this.data();
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
  /** A constant scalar moved to another device; only for tensors whose value is known. */
  constantOn(device: Device): Tensor {
    const moved = Tensor.constant(device, this.storage.constant!, this.dtype, this.shape);
    if (this.#requiresGrad) {
      moved.#requiresGrad = true;
      moved.#gradFn = this.#gradFn;
      moved.#accumulator = this.#gradFn ? undefined : this.accumulator();
    }
    return moved;
  }
  /** True when an element is NaN; CPU tensors only, where it costs no wait. */
  hasNaN(): boolean {
    return (this.storage.memory as TypedArray).some((v) => v !== v);
  }

  // ---- lifetime -------------------------------------------------------------------------------------------------

  get disposed(): boolean {
    return this.#disposed;
  }
  /** Gives this handle's share of the memory back now instead of at garbage collection. Using it afterwards throws. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.pressure = undefined;
    leave(this);
    if (this.storage.device.type !== "cpu") released.unregister(this);
    this.storage.release();
  }
  [Symbol.dispose](): void {
    this.dispose();
  }
}
