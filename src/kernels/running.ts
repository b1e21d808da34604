// Running extremes and logarithms of sums along lines: the kernels of shaders/running.wgsl and their twins.
import source from "../../shaders/running.wgsl?raw";
import special from "../../shaders/special.wgsl?raw";
import { isFloat } from "../base/dtype.ts";
import { dense, elements } from "../device/cpu.ts";
import type { Io, View } from "../device/device.ts";
import { kernel, type Launcher, library, wgslType } from "../device/kernel.ts";
import type { Along } from "./indexing.ts";
import { logaddexp } from "./math.ts";
import { eachLine, linesOf } from "./rows.ts";

library(special);

/** Launches what runs along the lines of x, as `roles` say. */
function launch(q: Launcher, x: View, outs: Readonly<Record<string, View>>, dim: number, roles: Readonly<Record<string, string>>): void {
  const { outer, length, inner } = linesOf(x.shape, dim);
  const rows = outer * inner;
  if (rows * length === 0) return;
  // Few long lines are cut so that there is work for everyone.
  const block = rows >= 256 || length <= 512 ? length : Math.max(128, Math.ceil(length / 512));
  const blocks = Math.ceil(length / block);
  const params = { rows, inner, length, block, blocks };
  const run = (entry: string, bind: Readonly<Record<string, View>>, size: number): void =>
    q.launch(kernel(source, entry, roles), bind, params, size);
  run("blocks", { x: q.dense(x), ...outs }, rows * blocks);
  if (blocks === 1) return;
  run("ends", outs, rows);
  run("rest", outs, rows * (blocks - 1));
}

export interface Extremes extends Along {
  readonly largest: boolean;
}

/** The largest or smallest element so far and its place, the last of equals; NaN stays. */
export const runningExtremes = {
  cpu: ({ x, out, indices }: Io<"x" | "indices">, { dim, largest }: Extremes): void => {
    const lines = linesOf(x.shape, dim);
    const [from, to, places] = [dense(x), elements(out), elements(indices)];
    eachLine(lines, (start) => {
      let [best, place] = [from[start]!, 0];
      for (let i = 0, at = start; i < lines.length; i++, at += lines.inner) {
        const v = from[at]!;
        // What is neither NaN nor beaten takes over.
        if (v !== v || (largest ? v >= best : v <= best)) [best, place] = [v, i];
        to[at] = best;
        places[at] = place;
      }
    });
  },
  gpu: ({ x, out, indices }: Io<"x" | "indices">, { dim, largest }: Extremes, q: Launcher): void =>
    launch(q, x, { out, indices }, dim, {
      Scalar: wgslType(x.dtype),
      beats: `beats${largest ? "" : "_below"}${isFloat(x.dtype) ? "_float" : ""}`,
    }),
};

/** log Σ exp of what has come so far. */
export const runningLogSums = {
  cpu: ({ x, out }: Io<"x">, { dim }: Along): void => {
    const lines = linesOf(x.shape, dim);
    const [from, to] = [dense(x), elements(out)];
    eachLine(lines, (start) => {
      let sum = -Infinity;
      for (let i = 0, at = start; i < lines.length; i++, at += lines.inner) to[at] = sum = logaddexp(sum, from[at]!);
    });
  },
  gpu: ({ x, out }: Io<"x">, { dim }: Along, q: Launcher): void =>
    launch(q, x, { out }, dim, { join: "join_log", place_at: "place_none", put: "put_value" }),
};
