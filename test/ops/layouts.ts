// Memory layouts for sample tensors: dense, with gaps and permuted strides, or with a repeated first slice.
import { Storage } from "../../src/device/device.ts";
import { hostArray, isFloat } from "../../src/base/dtype.ts";
import { contiguousStrides, type Geometry, sizeOf } from "../../src/base/shape.ts";
import { deviceNamed } from "../../src/tensor/device.ts";
import type { Maker } from "../../src/inspect/samples.ts";
import { Tensor } from "../../src/tensor/tensor.ts";

const laid = (host: readonly number[], geometry: Geometry, ...[dtype, device]: [Parameters<Maker>[2], Parameters<Maker>[3]]): Tensor => {
  const d = deviceNamed(device);
  const data = hostArray(dtype, host.length);
  data.set(host);
  const storage = new Storage(d, dtype, host.length, d.upload(dtype, data));
  if (!isFloat(dtype)) storage.uploaded = data;
  return new Tensor(storage, dtype, geometry);
};

/** Every element of the first slice, repeated. */
const expanded: Maker = (values, shape, dtype, device) => {
  const [inner, strides] = shape.length === 0 ? [[], []] : [shape.slice(1), [0, ...contiguousStrides(shape.slice(1))]];
  return laid(values.slice(0, sizeOf(inner)), { shape, strides, offset: 0 }, dtype, device);
};

/**
 * Dimensions reversed in memory, a gap after every element, and three elements before the first; or four where there is one dimension, so
 * that it starts as dense memory does.
 */
const strided: Maker = (values, shape, dtype, device) => {
  const strides = contiguousStrides([...shape].reverse())
    .reverse()
    .map((s) => 2 * s);
  const offset = shape.length === 1 ? 4 : 3;
  const host = new Array<number>(2 * Math.max(1, values.length) + offset).fill(isFloat(dtype) ? NaN : 0);
  const rowMajor = contiguousStrides(shape);
  values.forEach((v, i) => {
    let at = offset;
    let rest = i;
    shape.forEach((_, k) => {
      at += Math.floor(rest / rowMajor[k]!) * strides[k]!;
      rest %= rowMajor[k]!;
    });
    host[at] = v;
  });
  return laid(host, { shape, strides, offset }, dtype, device);
};

/** Makers by name; undefined stands for dense memory. */
export const layouts = { contiguous: undefined, strided, expanded } as const;

/**
 * The samples that an operator refuses in a layout, as PyTorch does: strides that cannot show the shape, places that the storage lacks.
 * Messages by layout, operator and number of the sample.
 */
export const refused: Readonly<Record<keyof typeof layouts, Readonly<Record<string, Readonly<Record<number, string>>>>>> = {
  contiguous: {},
  strided: { view: { 0: "strides [2, 4] of [2, 6] do not allow [3, -1] (use reshape)" } },
  expanded: {
    view: { 0: "strides [0, 1] of [2, 6] do not allow [3, -1] (use reshape)" },
    instanceNorm: { 2: "several elements of [3] share one place in memory (clone() it first)" },
    asStrided: {
      0: "size [2, 2], stride [1, 2] and offset 1 reach element 4 of 1",
      1: "size [3, 3], stride [1, 1] and offset 0 reach element 4 of 1",
    },
  },
};
