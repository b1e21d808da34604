// What a run leaves in its folder.
import type { Pictures } from "../mnist/learner.ts";
import { modelOf } from "./models.ts";
import type { RunOptions } from "./options.ts";
import { gridPng } from "./png.ts";
import { curveSvg } from "./curve.ts";
import type { Run } from "./run.ts";

/** The files of a run that is at its end, by name. */
export async function resultsOf(
  { learner, losses, heldOut, graph }: Run,
  { model, lr, batch, seed }: RunOptions,
  pictures?: Pictures,
): Promise<Readonly<Record<string, string | Uint8Array>>> {
  const title = `${modelOf(model).title}: loss over ${losses.length} steps, ${learner.method} ${lr}, batch ${batch}, seed ${seed}`;
  return {
    "model.safetensors": await learner.weights(),
    "loss.svg": curveSvg({ title, losses, heldOut }),
    "graph.dot": graph.dot,
    "graph.svg": graph.svg,
    ...(pictures && { "samples.png": gridPng(pictures) }),
  };
}
