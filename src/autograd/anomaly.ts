// detectAnomaly's finds: at once on the CPU; on a GPU, where that would stall every step, at the next read.
import { GradError } from "../base/errors.ts";
import { dense } from "../device/cpu.ts";
import type { Tensor } from "../ops/tensor.ts";
import { noGrad } from "./mode.ts";
import type { Node } from "./node.ts";

/** Resolves when the gradients checked so far were read. */
let checked: Promise<void> | undefined;
/** The first of them with NaN that nobody was told of. */
let found: GradError | undefined;

/** Looks for NaN in the gradient that `node` gave its input. Errors: GradError, here or from the next told(). */
export function checkNaN(node: Node, g: Tensor, input: number): void {
  const site = node.site ?? "an unknown place, outside detectAnomaly";
  const error = (): GradError =>
    new GradError(`${node.name} gave its input ${input} a gradient with NaN; it was called at\n${site}`, "", "backward");
  const { device } = g.storage;
  if (device.type === "cpu") {
    if (dense(g).includes(NaN)) throw error();
    return;
  }
  const flag = noGrad(() => g.ne(g).any());
  // What goes wrong in reading is told by the reads of others.
  const answer = device.read(flag).then(
    ([bad]) => Boolean(bad),
    () => false,
  );
  checked = Promise.all([answer, checked]).then(([bad]) => {
    if (bad) found ??= error();
  });
}

/** Resolves when all that was checked so far is known to be sound. Errors: GradError, once, for the first that is not. */
export async function told(): Promise<void> {
  if (!checked) return;
  const before = checked;
  await before;
  if (checked === before) checked = undefined;
  const error = found;
  found = undefined;
  if (error) throw error;
}
