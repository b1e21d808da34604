// Convolutions on the GPU: the padding copy, and conv_rows, whose windows slide along rows without padding or im2col.
import source from "../../shaders/conv.wgsl?raw";
import type { View } from "./backend.ts";
import { contract } from "./contract.ts";
import type { ConvHost, Rows, Triple, Volume } from "./conv.ts";
import { kernel, type Launcher } from "./kernel.ts";
import { type Parts, variant } from "./variant.ts";

/** The GPU's side of the plans in conv.ts. */
export const gpuConv = (launcher: Launcher): ConvHost => ({
  contract: (problem) => contract(launcher, problem),
  padded: (...args) => padded(launcher, ...args),
  table: (key, make) => launcher.table(key, make),
  slide: (rows) => {
    const fits = slides(launcher, rows);
    if (fits) convRows(launcher, rows);
    return fits;
  },
});

function padded(launcher: Launcher, x: Volume, images: number, channels: number, size: Triple, extent: Triple, low: Triple): Volume {
  const width = 4 * Math.ceil(extent[2] / 4);
  const strides: Triple = [extent[1] * width, width, 1];
  const channel = extent[0] * strides[0];
  const view = launcher.scratch("float32", [images, channels, extent[0], extent[1], width]);
  const words = (images * channels * channel) / 4;
  launcher.launch(
    kernel(source, "pad"),
    { input: x.view, padded: view },
    {
      size: words,
      x_off: x.view.offset,
      x_no: x.image,
      x_c: x.channel,
      x_d: x.strides[0],
      x_h: x.strides[1],
      x_w: x.strides[2],
      channels,
      depth: size[0],
      height: size[1],
      width: size[2],
      out_d: extent[0],
      out_h: extent[1],
      out_w4: width / 4,
      low_d: low[0],
      low_h: low[1],
      low_w: low[2],
    },
    words,
  );
  return { view, image: channels * channel, channel, strides };
}

/** Whether conv_rows takes it. Many channels prefer workgroup tiles where barriers are cheap. */
const slides = (launcher: Launcher, r: Rows): boolean =>
  r.window[2] > 1 &&
  r.window[2] <= 5 &&
  r.stride[2] === 1 &&
  r.dilation[2] === 1 &&
  r.x.strides[2] === 1 &&
  (launcher.traits.barriersAreSlow || r.channels < 32);

/** Words per invocation: reads of weights (shared by the words) and of inputs dominate; arithmetic is a twentieth of a read. */
function cheapestCols(width: number, weights: number): number {
  const cost = (c: number): number => Math.ceil(width / (4 * c)) * (weights + 4 * (c + 1) + 0.2 * c * weights);
  return [4, 3, 2, 1].reduce((best, c) => (cost(c) < cost(best) ? c : best), 4);
}

/** Offsets in x and w, depth and row within the window, for each step. */
function stepTable(launcher: Launcher, r: Rows): View {
  const [depth, height, taps] = r.window;
  const { x, w, dilation } = r;
  const sign = w.reversed ? -1 : 1;
  const start = w.reversed ? depth * height * taps - 1 : 0;
  const key = [r.contracted, r.window, dilation, x.channel, x.strides, w.c, w.reversed].join();
  return launcher.table(`conv rows ${key}`, () => {
    const out: number[] = [];
    for (let c = 0; c < r.contracted; c++)
      for (let d = 0; d < depth; d++)
        for (let h = 0; h < height; h++) {
          const [id, ih] = [d * dilation[0], h * dilation[1]];
          out.push(c * x.channel + id * x.strides[0] + ih * x.strides[1], c * w.c + start + sign * (d * height + h) * taps, id, ih);
        }
    return Int32Array.from(out);
  });
}

/** Records the launch. */
function convRows(launcher: Launcher, r: Rows): void {
  const { x, w, out, outSize, size, low, stride, bias } = r;
  const rows = Math.min(8, r.channels);
  const cols = cheapestCols(outSize[2], rows * r.window[2]);
  const tiles = Math.ceil(outSize[2] / (4 * cols));
  const count = r.images * outSize[0] * outSize[1] * tiles;
  const places = outSize[0] * outSize[1] * outSize[2];
  const border = [0, 1, 2].some((i) => low[i] !== 0 || (outSize[i]! - 1) * stride[i]! + (r.window[i]! - 1) * r.dilation[i]! >= size[i]!);
  const aligned = !border && [x.view.offset, x.image, x.channel, x.strides[0], x.strides[1]].every((s) => s % 4 === 0);
  const vector = outSize[2] % 4 === 0 && out.offset % 4 === 0;
  const limit = launcher.traits.maxWorkgroupsPerDimension;
  if (count > 64 * limit && r.images > 1) {
    const images = r.images >> 1;
    convRows(launcher, { ...r, images });
    const rest = { ...x, view: { ...x.view, offset: x.view.offset + images * x.image } };
    const to = { ...out, offset: out.offset + images * r.groups * r.channels * places };
    return convRows(launcher, { ...r, images: r.images - images, x: rest, out: to });
  }
  const wgX = launcher.traits.barriersAreSlow && count <= 16 * limit ? 16 : 64;
  const parts: Parts = {};
  if (border) parts.word_at = "word_at_border";
  else if (aligned) parts.word_at = "word_at_aligned";
  if (vector) parts.store = "store_aligned";
  if (bias) parts.epilogue = "epilogue_bias";
  if (r.relu) parts.activate = "activate_relu";
  launcher.launch(
    variant(source, "conv_rows", { TAPS: r.window[2], ROWS: rows, COLS: cols, WG_X: wgX }, parts),
    {
      [aligned ? "input4" : "input"]: x.view,
      weight: w.view,
      row_steps: stepTable(launcher, r),
      ...(bias ? { bias } : {}),
      [vector ? "output4" : "output"]: out,
    },
    {
      m: r.channels,
      steps: r.contracted * r.window[0] * r.window[1],
      w_off: w.view.offset,
      w_m: w.r,
      w_tap: w.reversed ? 0xffffffff : 1,
      w_b: w.group,
      x_off: x.view.offset,
      x_no: x.image,
      x_d: x.strides[0],
      x_h: x.strides[1],
      x_b: r.contracted * x.channel,
      depth: size[0],
      height: size[1],
      width: size[2],
      low_d: low[0] >>> 0,
      low_h: low[1] >>> 0,
      low_w: low[2] >>> 0,
      stride_d: stride[0],
      stride_h: stride[1],
      out_d: outSize[0],
      out_h: outSize[1],
      out_w: outSize[2],
      tiles,
      count,
      y_off: out.offset,
      y_no: r.groups * r.channels * places,
      y_m: places,
      y_b: r.channels * places,
      bias_off: bias?.offset ?? 0,
    },
    [Math.ceil(count / wgX), Math.ceil(r.channels / rows), r.groups],
  );
}
