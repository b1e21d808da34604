// What every device offers, and the storage that tensors share. Floors above see devices only through this file.
import type { DType, TypedArray } from "../base/dtype.ts";
import { DeviceError, DtypeError } from "../base/errors.ts";
import { contiguous, type Geometry, type Shape, sizeOf } from "../base/shape.ts";
import type { Launcher } from "./kernel.ts";

export type DeviceName = "cpu" | "webgpu";
/** A device by its name, or as tensors hold it: `{ device: x.device }`. */
export type DeviceLike = DeviceName | { readonly type: DeviceName };

/** Bytes of one device: made by it, counted by it, freed by it. */
export interface Device {
  readonly type: DeviceName;
  /** Human-readable adapter or engine name. */
  readonly name: string;
  /** Why it is lost, once it is: from then on nothing works. */
  readonly lost: Error | undefined;
  /** True when the device can hold this element type. */
  supports(dtype: DType): boolean;
  /** Uninitialised memory; throws OutOfMemoryError before anything is created. */
  alloc(dtype: DType, elements: number): unknown;
  /** Memory holding a copy of `data`. */
  upload(dtype: DType, data: TypedArray): unknown;
  /** Memory holding `elements` times `value`. */
  fill(dtype: DType, elements: number, value: number): unknown;
  free(memory: unknown, dtype: DType, elements: number): void;
  /** Runs one operator's kernels over views whose outputs are already allocated. `name` labels errors and traces. */
  run(name: string, kernels: Kernels, io: Views, attrs: object): void;
  /**
   * Runs fn, which writes to tensors in place: if one of its commands cannot run, none does, their memory keeps its contents and `undo`
   * is called, perhaps later. Errors: an error met before that nobody was told; what fn throws, after `undo`.
   */
  transaction<T>(fn: () => T, undo?: () => void): T;
  /** Copies a contiguous view to the host, as it is at this place among everything recorded. */
  read(view: View): Promise<TypedArray>;
  /** Resolves when everything recorded so far has run. Errors: one that nobody was told, thrown once. */
  sync(): Promise<void>;
}

/** Errors: DtypeError when the device cannot hold this element type. */
export function checkSupport(device: Device, dtype: DType): void {
  if (!device.supports(dtype)) throw new DtypeError(`${dtype} is not available on ${device.type}`, 'use float32, or device "cpu"');
}

/** An operator's two implementations; the device picks its own by property, never by name. */
export interface Kernels<N extends string = string> {
  cpu(io: Named<N>, attrs: object): void;
  gpu(io: Named<N>, attrs: object, launcher: Launcher): void;
}

/** A tensor as kernels see it. */
export interface View extends Geometry {
  readonly storage: Storage;
  readonly dtype: DType;
}
export type Views = Record<string, View>;

/** One thing for each operand; the name `bias?` stands for an operand that may be left out. Where N is any, so is this. */
export type Named<N extends string, V = View> = unknown extends N
  ? // eslint-disable-next-line @typescript-eslint/no-explicit-any
    any
  : { readonly [K in N as K extends `${string}?` ? never : K]: V } & {
      readonly [K in N as K extends `${infer B}?` ? B : never]?: V | undefined;
    };
/** What kernels of operands N see. */
export type Io<N extends string> = Named<N> & { readonly out: View };
/** The names alone. */
export type Bare<N extends string> = N extends `${infer B}?` ? B : N;

/** The error of using what was given back; `op` as in every error. */
export const released = (op?: string): DeviceError => new DeviceError("its memory was released", "by dispose() or tidy()", op);

/**
 * Reference-counted memory shared by a tensor and its views.
 * A storage made from one repeated value stays a `constant` without memory until a kernel needs a buffer.
 */
export class Storage {
  readonly device: Device;
  readonly dtype: DType;
  readonly elements: number;
  /** Counts writes, so autograd can tell that a saved tensor changed. */
  version = 0;
  /** The elements as the host uploaded them, true while `version` is 0: index tensors and masks that need no read. */
  uploaded: TypedArray | undefined;
  #memory: unknown;
  #constant: number | undefined;
  #refs = 1;

  constructor(device: Device, dtype: DType, elements: number, memory: unknown, constant?: number) {
    this.device = device;
    this.dtype = dtype;
    this.elements = elements;
    this.#memory = memory;
    this.#constant = constant;
  }

  /** Device memory; a constant is written out on first use. Errors: DeviceError after release. */
  get memory(): unknown {
    this.#checkLive();
    if (this.#memory === undefined) {
      this.#memory = this.device.fill(this.dtype, this.elements, this.#constant ?? 0);
      this.#constant = undefined;
    }
    return this.#memory;
  }

  /** The repeated value while no memory exists. Errors: DeviceError after release. */
  get constant(): number | undefined {
    this.#checkLive();
    return this.#constant;
  }

  get shared(): boolean {
    return this.#refs > 1;
  }

  /** One more owner. Errors: DeviceError after release. */
  retain(): this {
    this.#checkLive();
    this.#refs++;
    return this;
  }

  release(): void {
    if (--this.#refs === 0) this.#drop();
  }

  /** Takes over the memory of `source`, which keeps none: how an in-place operator replaces contents without a copy. */
  adopt(source: Storage): void {
    this.#checkLive();
    this.#constant = source.constant;
    this.#drop();
    this.#memory = source.#memory;
    source.#memory = undefined;
    source.#constant = 0;
  }

  /** What was released stays released: filled anew it would read as zeros. */
  #checkLive(): void {
    if (this.#refs <= 0) throw released();
  }

  #drop(): void {
    if (this.#memory !== undefined) this.device.free(this.#memory, this.dtype, this.elements);
    this.#memory = undefined;
  }
}

/** A row-major view of all of `memory`. */
export const denseView = (device: Device, dtype: DType, shape: Shape, memory: unknown): View => ({
  storage: new Storage(device, dtype, sizeOf(shape), memory),
  dtype,
  ...contiguous(shape),
});

/** The elements as the host sees them without waiting: uploaded ones that nobody has written to since. Index them like memory. */
export const uploadedOf = (view: View): TypedArray | undefined => (view.storage.version === 0 ? view.storage.uploaded : undefined);

/** The value every element of the view has, when that is known without reading memory. */
export const constantOf = (view: View): number | undefined => view.storage.constant;
