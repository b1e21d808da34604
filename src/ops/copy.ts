// Writing one view into another: the two kernels behind in-place operators on parts of a tensor.
import type { Kernels } from "../backend/backend.ts";
import { denseCopy } from "../backend/copy.ts";
import { elements } from "../backend/cpu.ts";
import { coalesce, forEachOffset } from "../base/shape.ts";

/** Copies x into out, same shape and dtype, any strides. */
export const stridedCopy: Kernels = {
  cpu: ({ x, out }) => {
    const [from, to] = [elements(x!), elements(out!)];
    forEachOffset(coalesce([x!, out!]), ([i, j]) => {
      to[j!] = from[i!]!;
    });
  },
  gpu: ({ x, out }, _attrs, launcher) => denseCopy(launcher, x!, out!),
};
