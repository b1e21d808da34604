// What the kernels of optimisers share: several parameters with their state in one dispatch. Operands are numbered, p0, g0, p1, g1, …
import source from "../../shaders/step.wgsl?raw";
import type { TypedArray } from "../base/dtype.ts";
import { sizeOf } from "../base/shape.ts";
import { elements } from "../device/cpu.ts";
import type { Views } from "../device/device.ts";
import { type Kernel, type Launcher, library } from "../device/kernel.ts";

library(source);

/** Launches a kernel over the parameters that are there. `written` names all that it may write to. */
export function launchStep(
  q: Launcher,
  kernel: Kernel,
  io: Views,
  written: readonly string[],
  params: Readonly<Record<string, number>>,
): void {
  const slots = [0, 1, 2, 3];
  const quads = slots.map((k) => Math.ceil(sizeOf(io[`p${k}`]?.shape ?? [0]) / 4));
  // Memory that no invocation touches stands in for what is not there; written bindings must all differ.
  const bind: Views = { ...io };
  for (const name of written) bind[name] ??= q.scratch("float32", [4]);
  for (const k of slots) bind[`g${k}`] ??= io["g0"]!;
  q.launch(
    kernel,
    bind,
    { ...params, ...Object.fromEntries(quads.map((n, k) => [`quads${k}`, n])) },
    quads.reduce((a, b) => a + b),
  );
}

/** Calls update with the elements of each parameter and of what goes with it, in the order of `letters`; nothing for a state that is not kept. */
export function eachParameter(io: Views, letters: string, update: (...arrays: TypedArray[]) => void): void {
  for (let k = 0; io[`p${k}`]; k++)
    update(...(Array.from(letters, (letter) => io[letter + k] && elements(io[letter + k]!)) as TypedArray[]));
}
