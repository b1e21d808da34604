// What a run of the fuzz tests is told from outside: FUZZ_SEED, and to see one case again FUZZ_PROFILE, FUZZ_FORMAT or FUZZ_FAMILY with FUZZ_INDEX.
import { freshSeed } from "./random.ts";

/** Pages have no environment: there every run has a seed of its own. */
const env = (globalThis as { process?: { env?: Readonly<Record<string, string | undefined>> } }).process?.env ?? {};

export const inPage = typeof document === "object";
export const seed = env["FUZZ_SEED"] === undefined ? freshSeed() : Number(env["FUZZ_SEED"]);

/** The cases to run: `count` of each kind from the first, or the single one that was asked for. */
export function cases(
  names: readonly string[],
  chosen: string,
  count: number,
): { readonly name: string; readonly from: number; readonly count: number }[] {
  const only = env[chosen];
  const index = env["FUZZ_INDEX"];
  const found = names.filter((name) => only === undefined || name === only);
  return found.map((name) => ({ name, ...(index === undefined ? { from: 0, count } : { from: Number(index), count: 1 }) }));
}
