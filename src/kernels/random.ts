// Counter-based streams of numbers: the kernels of shaders/random.wgsl and their twins, with the same bits.
import source from "../../shaders/random.wgsl?raw";
import special from "../../shaders/special.wgsl?raw";
import { roundTo } from "../base/dtype.ts";
import { type PhiloxKey, philoxNormal, philoxUniform, philoxWords } from "../base/random.ts";
import { isContiguous, sizeOf } from "../base/shape.ts";
import { dense, elements } from "../device/cpu.ts";
import type { Io } from "../device/device.ts";
import { kernel, type Launcher, library } from "../device/kernel.ts";

library(special);

/** What a stream is made from: its key, and the two numbers of its distribution. */
interface Draw {
  readonly key: PhiloxKey;
  readonly a: number;
  readonly b: number;
}
interface Stream {
  readonly cpu: (io: Io<never>, draw: Draw) => void;
  readonly gpu: (io: Io<never>, draw: Draw, q: Launcher) => void;
}
const stream = (entry: string, make: (key: PhiloxKey, size: number, a: number, b: number) => Float32Array): Stream => ({
  cpu: ({ out }, { key, a, b }) => elements(out).set(make(key, sizeOf(out.shape), a, b)),
  gpu: ({ out }, { key, a, b }, q) => {
    const size = sizeOf(out.shape);
    q.launch(kernel(source, entry), { y: out }, { ...key, size, a, b, x_offset: 0 }, Math.ceil(size / 4));
  },
});

/** Numbers in [a, b). */
export const uniformStream: Stream = stream("rand", philoxUniform);
/** Normal numbers of mean a and standard deviation b. */
export const normalStream: Stream = stream("randn", philoxNormal);

const scaleOf = (p: number): number => (p < 1 ? 1 / (1 - p) : 0);

/** Elements zeroed with probability p, the others times 1 / (1 − p). */
export const dropoutStream = {
  cpu: ({ x, out }: Io<"x">, { p, key }: { readonly p: number; readonly key: PhiloxKey }): void => {
    const [from, to] = [dense(x), elements(out)];
    const random = philoxWords(key, from.length);
    // The shader's numbers: p, and in float32 the scale, are rounded to its precision.
    const [limit, scale] = [Math.fround(p), roundTo(out.dtype, scaleOf(p))];
    for (let i = 0; i < from.length; i++) to[i] = from[i]! * ((random[i]! >>> 8) * 2 ** -24 >= limit ? scale : 0);
  },
  gpu: ({ x, out }: Io<"x">, { p, key }: { readonly p: number; readonly key: PhiloxKey }, q: Launcher): void => {
    const size = sizeOf(out.shape);
    const from = isContiguous(x) ? x : q.dense(x);
    const params = { ...key, size, a: p, b: scaleOf(p), x_offset: from.offset };
    q.launch(kernel(source, "dropout"), { x: from, y: out }, params, Math.ceil(size / 4));
  },
};
