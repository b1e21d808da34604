// Contractions and convolutions on the GPU, every body of contraction.wgsl and convolution.wgsl, against the CPU in float64.
import { afterAll, beforeAll, expect, it } from "vitest";
import { Storage, type View } from "../../src/device/device.ts";
import { type Contraction, contract, type Tuning } from "../../src/kernels/contraction.ts";
import { contractCpu, cpuConv } from "../../src/kernels/contraction-cpu.ts";
import { convForward, type ConvHost, convInput, convWeight, type Sliding } from "../../src/kernels/convolution.ts";
import { gpuConv } from "../../src/kernels/convolution-gpu.ts";
import { elements, hostView } from "../../src/device/cpu.ts";
import type { Launcher, Traits } from "../../src/device/kernel.ts";
import type { WebGpuDevice } from "../../src/device/webgpu/webgpu.ts";
import { conv1d } from "../../src/nn/functional.ts";
import { ones, tensor } from "../../src/tensor/create.ts";
import { init, webGpuDevice } from "../../src/tensor/device.ts";

let device: WebGpuDevice;
beforeAll(async () => {
  expect((await init({ device: "webgpu" })).device).toBe("webgpu");
  device = webGpuDevice()!;
});

const made: Storage[] = [];
afterAll(() => made.forEach((storage) => storage.release()));

/** The same numbers on both devices: float32 on the GPU, float64 on the CPU. */
interface Pair {
  readonly gpu: View;
  readonly cpu: View;
}
const strides = (shape: readonly number[]): number[] => shape.map((_, i) => shape.slice(i + 1).reduce((a, b) => a * b, 1));

/** `poison` makes the last row NaN, for kernels to show that they never use what lies past the edge. */
function pair(shape: readonly number[], seed: number, offset = 0, poison = false): Pair {
  const n = shape.reduce((a, b) => a * b, 1) + offset;
  let state = seed;
  const data = Float32Array.from({ length: n }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) / 2 ** 23 - 1;
  });
  if (poison) data.fill(NaN, n - strides(shape)[0]!);
  const common = { shape, strides: strides(shape), offset };
  const memory = device.upload("float32", data);
  const storage = new Storage(device, "float32", n, memory);
  made.push(storage);
  return {
    gpu: { ...common, dtype: "float32", storage },
    cpu: { ...common, dtype: "float64", storage: hostView(Float64Array.from(data), "float64").storage },
  };
}

/** Runs `work` with a launcher that believes in `traits`. */
function onGpu(traits: Partial<Traits>, work: (launcher: Launcher) => void, fold?: (threads: number) => [number, number, number]): void {
  const gpu = (_io: object, _attrs: object, real: Launcher): void =>
    work({
      traits: { ...real.traits, ...traits },
      launch: (found, bind, params, grid) => real.launch(found, bind, params, fold && typeof grid === "number" ? fold(grid) : grid),
      scratch: (...args) => real.scratch(...args),
      dense: (view) => real.dense(view),
      table: (key, make) => real.table(key, make),
    });
  device.run("contract", { gpu, cpu: () => undefined }, {}, {});
}

async function agree(out: Pair, scale: number): Promise<void> {
  const whole = out.gpu.storage.elements;
  const got = await device.read({ ...out.gpu, offset: 0, shape: [whole], strides: [1] });
  const want = elements(out.cpu) as Float64Array;
  let worst = 0;
  for (let i = 0; i < whole; i++) {
    const error = Math.abs(got[i]! - want[i]!);
    if (!(error <= worst)) worst = error;
  }
  expect(worst).toBeLessThan(4e-6 * scale);
}

const direct = (rows: number, cols: number, steps = 1, splits = 1): Tuning => ({ rows, cols, steps, splits });
const tiled = (tile: readonly [number, number], rows: number, splits = 1): Tuning => ({ tile, rows, cols: 4, steps: 1, splits });
const bodies: readonly (readonly [string, Tuning])[] = [
  ["direct 8x8", direct(8, 8)],
  ["direct 8x8, split", direct(8, 8, 1, 3)],
  ["direct 16x16", direct(16, 16)],
  ["direct 16x16, four steps", direct(16, 16, 4)],
  ["direct 4x8", direct(4, 8)],
  ["tiled 32x32", tiled([32, 32], 4)],
  ["tiled 64x64, split", tiled([64, 64], 4, 2)],
  ["tiled 128x64", tiled([128, 64], 8)],
];
const sizes: readonly (readonly [number, number, number])[] = [
  [1, 1, 1],
  [4, 8, 0],
  [5, 7, 13],
  [64, 64, 64],
  [33, 130, 70],
  [33, 130, 72],
  [130, 68, 36],
];

it.each(bodies)("products of every size and orientation: %s", async (_name, body) => {
  for (const [i, [m, n, k]] of sizes.entries())
    for (const [transA, transB] of [
      [false, false],
      [false, true],
      [true, false],
    ]) {
      const turn = (transA ? 2 : 0) + (transB ? 1 : 0);
      if (k % body.steps !== 0 || (m !== 33 && turn !== i % 3)) continue;
      const odd = m === 33 ? 1 : 0;
      const a = pair([transA ? k + 1 : m + 1, (transA ? m : k) + odd], 1, 4 * odd, true);
      const b = pair([transB ? n + 1 : k + 1, (transB ? k : n) + odd], 2, 0, true);
      const bias = pair([Math.max(m, n) + 4], 3, 2);
      const c = pair([m, n], 4, odd);
      const problem = (on: "gpu" | "cpu"): Contraction => ({
        m,
        n,
        k,
        a: { view: a[on], ...(transA ? { m: 1, k: m + odd } : { m: k + odd, k: 1 }) },
        b: { view: b[on], ...(transB ? { n: k + odd, k: 1 } : { n: 1, k: n + odd }) },
        c: { view: c[on], m: n, n: 1 },
        ...(k % 2 === 0 ? { bias: { view: bias[on], m: transA ? 1 : 0, n: transA ? 0 : 1 } } : {}),
      });
      contractCpu(problem("cpu"));
      onGpu({}, (launcher) => contract(launcher, problem("gpu"), body));
      await agree(c, Math.max(1, Math.sqrt(k)));
    }
});

it.each([false, true])("batches that broadcast, thin products, folded grids, barriersAreSlow %s", async (barriersAreSlow) => {
  for (const [m, n, k, wide] of [
    [1, 300, 200, 0],
    [300, 1, 200, 0],
    [20, 90, 33, 1],
    [50, 6, 9, 2],
  ] as const) {
    const a = pair([2, 3, m, k], 5);
    const b = pair([3, n, k], 6);
    const c = pair([2, 3, m, n], 7);
    const problem = (on: "gpu" | "cpu"): Contraction => ({
      m,
      n,
      k,
      batch: [2, 3],
      a: { view: a[on], m: k, k: 1, batch: [3 * m * k, m * k] },
      b: { view: b[on], n: k, k: 1, batch: [0, n * k] },
      c: { view: c[on], m: n, n: 1 },
    });
    contractCpu(problem("cpu"));
    // As on an adapter whose grids are `wide` workgroups wide; a workgroup has 16 invocations at least.
    const fold = wide === 0 ? undefined : (threads: number): [number, number, number] => [wide, Math.ceil(threads / 16 / wide), 1];
    onGpu({ barriersAreSlow }, (launcher) => contract(launcher, problem("gpu")), fold);
    await agree(c, Math.sqrt(k));
  }
});

it("int32 products wrap", async () => {
  const data = Int32Array.from({ length: 64 }, (_, i) => Math.imul(i + 3, 123456789));
  const storage = new Storage(device, "int32", 64, device.upload("int32", data));
  const out = new Storage(device, "int32", 64, device.alloc("int32", 64));
  made.push(storage, out);
  const view = (s: Storage): View => ({ storage: s, shape: [8, 8], strides: [8, 1], offset: 0, dtype: "int32" });
  const square = (x: View, y: View): Contraction => ({
    m: 8,
    n: 8,
    k: 8,
    a: { view: x, m: 8, k: 1 },
    b: { view: x, n: 1, k: 8 },
    c: { view: y, m: 8, n: 1 },
  });
  onGpu({}, (launcher) => contract(launcher, square(view(storage), view(out))));
  const got = await device.read(view(out));
  const host = (array: Int32Array<ArrayBuffer>): View => ({ ...view(storage), storage: hostView(array, "int32").storage });
  const want = new Int32Array(64);
  contractCpu(square(host(data), host(want)));
  expect([...got]).toEqual([...want]);
});

interface ConvCase {
  readonly channels: readonly [number, number, number]; // per group in, out; groups
  readonly size: readonly [number, number, number];
  readonly window: readonly [number, number, number];
  readonly stride?: readonly [number, number, number];
  readonly padding?: readonly [number, number, number];
  readonly dilation?: readonly [number, number, number];
  readonly rank?: number;
}
const convolutions: readonly (readonly [string, ConvCase])[] = [
  ["5x5, padded", { channels: [1, 6, 1], size: [1, 12, 12], window: [1, 5, 5], padding: [0, 2, 2] }],
  ["3x3, more channels than a tile", { channels: [5, 20, 1], size: [1, 9, 17], window: [1, 3, 3], padding: [0, 1, 1] }],
  ["3x3, 40 channels", { channels: [3, 40, 1], size: [1, 8, 8], window: [1, 3, 3], padding: [0, 1, 1] }],
  ["3x3, stride 2 by 3", { channels: [4, 6, 1], size: [1, 11, 14], window: [1, 3, 3], stride: [1, 2, 3], padding: [0, 1, 2] }],
  ["3x2, dilated and grouped", { channels: [2, 3, 3], size: [1, 10, 9], window: [1, 3, 2], padding: [0, 2, 1], dilation: [1, 2, 2] }],
  ["depthwise 3x3", { channels: [1, 1, 5], size: [1, 7, 9], window: [1, 3, 3], padding: [0, 1, 1] }],
  ["1x1", { channels: [6, 9, 1], size: [1, 6, 6], window: [1, 1, 1] }],
  ["1x1, stride 2", { channels: [6, 9, 1], size: [1, 7, 6], window: [1, 1, 1], stride: [1, 2, 2] }],
  ["7x7, stride 2", { channels: [3, 4, 1], size: [1, 13, 13], window: [1, 7, 7], stride: [1, 2, 2], padding: [0, 3, 3] }],
  ["padding wider than the window", { channels: [2, 3, 1], size: [1, 4, 5], window: [1, 2, 2], padding: [0, 3, 4] }],
  ["one dimension", { channels: [3, 4, 1], size: [1, 1, 19], window: [1, 1, 4], padding: [0, 0, 2], rank: 1 }],
  ["three dimensions", { channels: [2, 3, 1], size: [4, 5, 6], window: [2, 3, 2], stride: [2, 1, 1], padding: [1, 1, 0], rank: 3 }],
];

it.each(convolutions)("the three maps of a convolution: %s", async (_name, c) => {
  const { size, window, stride = [1, 1, 1], padding = [0, 0, 0], dilation = [1, 1, 1], rank = 2 } = c;
  const [ci, co, groups] = c.channels;
  const extent = (i: 0 | 1 | 2): number => Math.floor((size[i] + 2 * padding[i] - dilation[i] * (window[i] - 1) - 1) / stride[i]) + 1;
  const out = [extent(0), extent(1), extent(2)] as const;
  const images = 2;
  const spatial = (t: readonly number[]): readonly number[] => t.slice(3 - rank);
  const g = { inputs: ci * groups, outputs: co * groups };
  const a: Sliding = { stride: spatial(stride), padding: spatial(padding), dilation: spatial(dilation), groups };
  const x = pair([images, g.inputs, ...spatial(size)], 8);
  const w = pair([g.outputs, ci, ...spatial(window)], 9);
  const dy = pair([images, g.outputs, ...spatial(out)], 10);
  const bias = pair([g.outputs], 11);
  for (const barriersAreSlow of [true, false]) {
    const y = pair([images, g.outputs, ...spatial(out)], 12);
    const dx = pair([images, g.inputs, ...spatial(size)], 13);
    const dw = pair([g.outputs, ci, ...spatial(window)], 14);
    const maps = (host: ConvHost, on: "gpu" | "cpu"): void => {
      convForward(host, x[on], w[on], bias[on], y[on], a);
      convInput(host, w[on], dy[on], dx[on], a);
      convWeight(host, x[on], dy[on], dw[on], a);
    };
    maps(cpuConv, "cpu");
    onGpu({ barriersAreSlow }, (launcher) => maps(gpuConv(launcher), "gpu"));
    await agree(y, 5);
    await agree(dx, 5);
    await agree(dw, 10);
  }
});

it.each([2, 3, 4, 5])("an infinity reaches the windows that hold it and no others: %i taps", async (taps) => {
  for (const on of ["cpu", "webgpu"] as const) {
    const line = Array.from({ length: 16 }, (_, i) => (i === 9 ? Infinity : 1));
    const x = tensor(line, { shape: [1, 1, 16], device: on });
    const y = await conv1d(x, ones([1, 1, taps], { device: on })).array();
    expect([...y], on).toEqual(Array.from({ length: 17 - taps }, (_, i) => (i <= 9 && 9 < i + taps ? Infinity : taps)));
  }
});

/** The definition, one output at a time: what the CPU's plans are held to. */
it.each(convolutions)("the CPU's convolution is the definition: %s", (_name, c) => {
  const { size, window, stride = [1, 1, 1], padding = [0, 0, 0], dilation = [1, 1, 1], rank = 2 } = c;
  const [ci, co, groups] = c.channels;
  const extent = (i: 0 | 1 | 2): number => Math.floor((size[i] + 2 * padding[i] - dilation[i] * (window[i] - 1) - 1) / stride[i]) + 1;
  const out = [extent(0), extent(1), extent(2)] as const;
  const spatial = (t: readonly number[]): readonly number[] => t.slice(3 - rank);
  const g = { inputs: ci * groups, outputs: co * groups };
  const a: Sliding = { stride: spatial(stride), padding: spatial(padding), dilation: spatial(dilation), groups };
  const view = (shape: readonly number[], data: Float64Array<ArrayBuffer>): View => ({
    storage: hostView(data, "float64").storage,
    shape,
    strides: strides(shape),
    offset: 0,
    dtype: "float64",
  });
  const array = (n: number, f: (i: number) => number): Float64Array<ArrayBuffer> => Float64Array.from({ length: n }, (_, i) => f(i));
  const [inner, outer, taps] = [size, out, window].map((t) => t[0]! * t[1]! * t[2]!) as [number, number, number];
  const x = array(g.inputs * inner, (i) => Math.sin(i + 1));
  const w = array(g.outputs * ci * taps, (i) => Math.cos(3 * i));
  const dy = array(g.outputs * outer, (i) => Math.sin(5 * i));
  const want = { y: new Float64Array(dy.length), dx: new Float64Array(x.length), dw: new Float64Array(w.length) };
  for (let o = 0; o < g.outputs; o++)
    for (let p = 0; p < outer; p++)
      for (let i = 0; i < ci; i++)
        for (let t = 0; t < taps; t++) {
          const place = [Math.floor(p / (out[1] * out[2])), Math.floor(p / out[2]) % out[1], p % out[2]];
          const tap = [Math.floor(t / (window[1] * window[2])), Math.floor(t / window[2]) % window[1], t % window[2]];
          const at = [0, 1, 2].map((d) => place[d]! * stride[d]! + tap[d]! * dilation[d]! - padding[d]!);
          if (at.some((v, d) => v < 0 || v >= size[d]!)) continue;
          const xi = (Math.floor(o / co) * ci + i) * inner + (at[0]! * size[1] + at[1]!) * size[2] + at[2]!;
          const wi = (o * ci + i) * taps + t;
          want.y[o * outer + p]! += w[wi]! * x[xi]!;
          want.dx[xi]! += w[wi]! * dy[o * outer + p]!;
          want.dw[wi]! += dy[o * outer + p]! * x[xi]!;
        }
  const shapes = { x: [1, g.inputs, ...spatial(size)], w: [g.outputs, ci, ...spatial(window)], y: [1, g.outputs, ...spatial(out)] };
  const got = { y: new Float64Array(dy.length), dx: new Float64Array(x.length), dw: new Float64Array(w.length) };
  convForward(cpuConv, view(shapes.x, x), view(shapes.w, w), undefined, view(shapes.y, got.y), a);
  convInput(cpuConv, view(shapes.w, w), view(shapes.y, dy), view(shapes.x, got.dx), a);
  convWeight(cpuConv, view(shapes.x, x), view(shapes.y, dy), view(shapes.w, got.dw), a);
  for (const key of ["y", "dx", "dw"] as const) for (const [i, v] of got[key].entries()) expect(v).toBeCloseTo(want[key][i]!, 10);
});
