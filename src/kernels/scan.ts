// The linear recurrence h[i] = b[i] + x[i] · h[i − 1] along lines: the kernel of shaders/scan.wgsl and its twin.
import source from "../../shaders/scan.wgsl?raw";
import { isFloat } from "../base/dtype.ts";
import { dense, elements } from "../device/cpu.ts";
import { constantOf, type Io, type View } from "../device/device.ts";
import { kernel, type Launcher, wgslType } from "../device/kernel.ts";
import { eachLine, linesOf } from "./rows.ts";

/** Factors that are all 1 leave a running sum. */
export const isSum = (x: View): boolean => constantOf(x) === 1;

/** h along `dim`, starting at 0. */
export const recurrence = {
  cpu: ({ x, b, out }: Io<"x" | "b">, { dim }: { readonly dim: number }): void => {
    const lines = linesOf(out.shape, dim);
    const [factors, terms, to] = [isSum(x) ? undefined : dense(x), dense(b), elements(out)];
    const times = isFloat(out.dtype) ? (h: number, v: number) => h * v : Math.imul;
    eachLine(lines, (start) => {
      let h = 0;
      for (let i = 0, at = start; i < lines.length; i++, at += lines.inner) {
        if (factors && i > 0) h = times(h, factors[at]!);
        to[at] = h += terms[at]!;
      }
    });
  },
  gpu: ({ x, b, out }: Io<"x" | "b">, { dim }: { readonly dim: number }, q: Launcher): void => {
    const { outer, length, inner } = linesOf(out.shape, dim);
    const sum = isSum(x);
    const program = kernel(source, "recurrence", { FACTORS: Number(!sum), Scalar: wgslType(out.dtype) });
    const rows = outer * inner;
    q.launch(program, { x: sum ? b : q.dense(x), b: q.dense(b), out }, { rows, inner, length }, rows);
  },
};
