// A stretch of the programs of a seed, checked; what fails is made small and can be replayed.
import { check, checkAll } from "./check.ts";
import type { Difference } from "./compare.ts";
import { minimise } from "./minimise.ts";
import { generate } from "./profiles.ts";
import { type Program, show, write } from "./program.ts";

export interface Finding {
  readonly profile: string;
  readonly seed: number;
  readonly index: number;
  readonly difference: Difference;
  /** What the minimiser left of it. */
  readonly program: Program;
}

/** Programs that go to the GPU in one submit. */
const together = 20;
/** Every so many batches each program runs twice on the GPU, for the same bits. */
const repeatEvery = 8;
/** So many findings of a stretch are made small; a fault that is everywhere need not be seen smaller more often. */
const worthwhile = 3;

/** The findings among programs `from` to `from + count` of a seed; `tries` is the minimiser's budget for each. */
export async function search(profile: string, seed: number, from: number, count: number, tries = 300): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (let at = from; at < from + count; at += together) {
    const size = Math.min(together, from + count - at);
    const programs = Array.from({ length: size }, (_, i) => generate(profile, seed, at + i));
    const found = await checkAll(programs, (at / together) % repeatEvery === 0);
    for (const [i, difference] of found.entries()) {
      if (!difference) continue;
      const small = tries > 0 && findings.length < worthwhile;
      const [program, left] = small ? await minimise(programs[i]!, difference, tries, check) : [programs[i]!, difference];
      findings.push({ profile, seed, index: at + i, difference: left, program });
    }
  }
  return findings;
}

/** A finding as text: how to see it again, what is wrong, the program to read and as JSON to keep. */
export const report = ({ profile, seed, index, difference, program }: Finding): string =>
  [
    `FUZZ_SEED=${seed} FUZZ_PROFILE=${profile} FUZZ_INDEX=${index} npx vitest run --project node test/fuzz/programs.test.ts`,
    `${difference.kind}: ${difference.what}`,
    show(program),
    write(program),
  ].join("\n");
