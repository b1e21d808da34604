// Data sets: things with a length that give examples by index.
import "../ops/indexing/index.ts";
import { tidy } from "../autograd/scope.ts";
import { ShapeError, show, under } from "../base/errors.ts";
import { memo } from "../base/memo.ts";
import { exactly, listed } from "../base/reading.ts";
import { operands } from "../ops/arguments.ts";
import type { Each } from "../ops/tensor.ts";
import { tensor } from "../tensor/create.ts";
import type { DeviceName } from "../tensor/device.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** What defaultCollate makes of a batch of such examples. */
export type Collated<T> = unknown extends T
  ? unknown
  : T extends Tensor | ArrayBufferView | number | boolean
    ? Tensor
    : T extends string
      ? string[]
      : { -readonly [K in keyof T]: Collated<T[K]> };

/** Examples by index. `getBatch`, where there is one, makes a whole batch at once and stands in for collating. */
export interface Dataset<T = unknown, B = Collated<T>> {
  readonly length: number;
  get(index: number): T | Promise<T>;
  getBatch?(indices: readonly number[]): B;
}

/**
 * Rows of tensors that share their first dimension. An example is a list of rows, a batch a list of tensors.
 * @example
 * const dataset = new data.TensorDataset(tensor([[1, 2], [3, 4]]), tensor([0, 1], { dtype: "int32" }));
 * dataset.length; // → 2
 * await dataset.get(1)[0].tolist(); // → [3, 4]
 */
export class TensorDataset<L extends readonly Tensor[] = Tensor[]> implements Dataset<Each<L>, Each<L>> {
  declare readonly tensors: L;
  declare readonly length: number;

  /** Errors: ShapeError when the first dimensions differ. */
  constructor(...tensors: L) {
    under("TensorDataset", () => operands(tensors));
    this.tensors = tensors;
    this.length = tensors[0]!.shape[0]!;
    if (!tensors.every((t) => t.ndim > 0 && t.shape[0] === this.length))
      throw new ShapeError(`first dimensions differ: ${tensors.map((t) => show(t.shape)).join(", ")}`, "", "TensorDataset");
  }
  get(index: number): Each<L> {
    return this.tensors.map((t) => t.select(0, index)) as Each<L>;
  }
  getBatch(indices: readonly number[]): Each<L> {
    const places = listed("getBatch", indices, "indices");
    const rows = new Map<DeviceName, Tensor>();
    const rowsOn = (device: DeviceName): Tensor => memo(rows, device, () => tensor(Int32Array.from(places), { device }));
    return tidy(() => this.tensors.map((t) => t.indexSelect(0, rowsOn(t.device.type))) as Each<L>);
  }
  static {
    exactly(this.prototype, "get", "getBatch");
  }
}
