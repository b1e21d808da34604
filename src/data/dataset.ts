// Data sets: things with a length that give examples by index.
import "../ops/indexing/index.ts";
import { tidy } from "../autograd/scope.ts";
import { ShapeError, show, under } from "../base/errors.ts";
import { memo } from "../base/memo.ts";
import { exactly, listed } from "../base/reading.ts";
import { operands } from "../ops/arguments.ts";
import { tensor } from "../tensor/create.ts";
import type { DeviceName } from "../tensor/device.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** Examples by index. `getBatch`, where there is one, makes a whole batch at once and stands in for collating. */
export interface Dataset<T = unknown, B = unknown> {
  readonly length: number;
  get(index: number): T | Promise<T>;
  getBatch?(indices: readonly number[]): B;
}

/**
 * Rows of tensors that share their first dimension. An example is a list of rows, a batch a list of tensors.
 * @example
 * const dataset = new data.TensorDataset(tensor([[1, 2], [3, 4]]), tensor([0, 1], { dtype: "int32" }));
 * dataset.length; // → 2
 * await dataset.get(1)[0]!.tolist(); // → [3, 4]
 */
export class TensorDataset implements Dataset<Tensor[], Tensor[]> {
  declare readonly tensors: readonly Tensor[];
  declare readonly length: number;

  /** Errors: ShapeError when the first dimensions differ. */
  constructor(...tensors: readonly Tensor[]) {
    this.tensors = under("TensorDataset", () => operands(tensors));
    this.length = tensors[0]!.shape[0]!;
    if (!tensors.every((t) => t.ndim > 0 && t.shape[0] === this.length))
      throw new ShapeError(`first dimensions differ: ${tensors.map((t) => show(t.shape)).join(", ")}`, "", "TensorDataset");
  }
  get(index: number): Tensor[] {
    return this.tensors.map((t) => t.select(0, index));
  }
  getBatch(indices: readonly number[]): Tensor[] {
    const places = listed("getBatch", indices, "indices");
    const rows = new Map<DeviceName, Tensor>();
    const rowsOn = (device: DeviceName): Tensor => memo(rows, device, () => tensor(Int32Array.from(places), { device }));
    return tidy(() => this.tensors.map((t) => t.indexSelect(0, rowsOn(t.device.type))));
  }
  static {
    exactly(this.prototype, "get", "getBatch");
  }
}
