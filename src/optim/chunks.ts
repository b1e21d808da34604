// How many parameters a dispatch may update.
import type { ParamState, Ready } from "./optimizer.ts";

/** Consecutive groups of up to n parameters of one dtype and device, no storage twice in a group: what one dispatch may bind. */
export function chunks<S extends ParamState>(
  ready: readonly Ready<S>[],
  n: number,
  alike: (a: Ready<S>, b: Ready<S>) => boolean,
): Ready<S>[][] {
  const out: Ready<S>[][] = [];
  for (const r of ready) {
    const last = out.at(-1);
    const fits = last?.every(
      ({ param, grad }, i) =>
        param.dtype === r.param.dtype &&
        param.storage.device === r.param.storage.device &&
        alike(last[i]!, r) &&
        ![param.storage, grad.storage].includes(r.param.storage) &&
        param.storage !== r.grad.storage,
    );
    if (fits && last!.length < n) last!.push(r);
    else out.push([r]);
  }
  return out;
}
