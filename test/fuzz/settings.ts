// What a run of the fuzz tests is told from outside: FUZZ_SEED, and to see one case again FUZZ_PROFILE, FUZZ_FORMAT or FUZZ_FAMILY with FUZZ_INDEX.

/** Pages have no environment. */
const env = (globalThis as { process?: { env?: Readonly<Record<string, string | undefined>> } }).process?.env ?? {};

/** The same in every run unless told: a change is judged by itself. Seeds of their own are drawn by run.ts. */
export const seed = Number(env["FUZZ_SEED"] ?? 1964);

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
