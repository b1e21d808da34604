/** The timed part: every workload on every contestant, interleaved round by round. */
import type { Host } from "./host.ts";
import type { ContestantInfo } from "./contestants.ts";
import type { Roofline } from "./contestant.ts";
import { agreement } from "./digest.ts";
import { expectedDigests } from "./reference.ts";
import { median } from "./results.ts";
import type { Cell } from "./results.ts";
import { INFO } from "./workloads.ts";
import type { WorkloadId } from "./workloads.ts";

/** A contestant with its open page, or why there is none. */
export interface Entrant {
  readonly info: ContestantInfo;
  readonly host: Host | undefined;
  readonly problem: string;
}

/** How long and how often to measure. */
export interface Effort {
  readonly rounds: number;
  /** Length of one timed batch. */
  readonly batchMs: number;
  /** One iteration beyond this gets fewer rounds. */
  readonly slowMs: number;
}

/** Results waiting unread on the device are bounded, whatever the batch would hold. */
const PENDING_BYTES = 256e6;
const PREPARE_MS = 120_000;

interface Running {
  readonly entrant: Entrant;
  readonly host: Host;
  readonly difference: number;
  readonly rounds: number;
  readonly iterations: number;
  readonly samples: number[];
}

const failed = (message: string): Cell => ({ status: "failed", message: message.split("\n")[0]?.slice(0, 300) ?? "" });

/** Prepares one contestant and checks its results; returns a finished cell or a running measurement. */
async function prepare(
  entrant: Entrant,
  workload: WorkloadId,
  expected: Awaited<ReturnType<typeof expectedDigests>>,
  effort: Effort,
): Promise<Cell | Running> {
  const { host } = entrant;
  if (host === undefined) return failed(entrant.problem);
  try {
    const digests = await host.call("prepare", [workload], PREPARE_MS);
    if (digests === null) return { status: "absent" };
    const verdict = agreement(digests, expected, INFO[workload].tolerance);
    if (!verdict.ok) {
      await host.call("finish", []);
      return { status: "wrong", agreement: verdict };
    }
    // Two looks: the first run may still compile or warm caches.
    const first = await host.call("run", [1]);
    const guess = Math.max(1, Math.min(20, Math.round(effort.batchMs / first)));
    const ms = first > effort.slowMs ? first : (await host.call("run", [guess])) / guess;
    const pending = Math.max(1, Math.floor(PENDING_BYTES / INFO[workload].resultBytes));
    const iterations = Math.max(1, Math.min(pending, 200, Math.round(effort.batchMs / ms)));
    return {
      entrant,
      host,
      difference: verdict.worst,
      rounds: ms > effort.slowMs ? Math.min(2, effort.rounds) : effort.rounds,
      iterations,
      samples: [],
    };
  } catch (error) {
    await host.call("finish", []).catch(() => undefined);
    return failed((error as Error).message.replace(/^page\.evaluate: (Error: )?/, ""));
  }
}

/** Share of the FMA rate or of the copy bandwidth, whichever is nearer to its limit. */
export function rooflineShare(workload: WorkloadId, ms: number, { fma, copy }: Roofline): number {
  const { flops, bytes } = INFO[workload];
  return Math.max(flops / fma, bytes / copy) / (ms / 1000);
}

/** Runs one workload on all entrants, A B C, A B C …; `progress` hears what is being done. */
export async function measureWorkload(
  workload: WorkloadId,
  entrants: readonly Entrant[],
  effort: Effort,
  progress: (text: string) => void,
): Promise<Record<string, Cell>> {
  progress("reference");
  const expected = await expectedDigests(workload);
  const cells: Record<string, Cell> = {};
  const running: Running[] = [];
  for (const entrant of entrants) {
    progress(`preparing ${entrant.info.name}`);
    const outcome = await prepare(entrant, workload, expected, effort);
    if ("status" in outcome) cells[entrant.info.name] = outcome;
    else running.push(outcome);
  }
  for (let round = 0; round < effort.rounds; round++) {
    for (const { entrant, host, rounds, iterations, samples } of running) {
      if (round >= rounds || entrant.info.name in cells) continue;
      progress(`round ${round + 1}/${effort.rounds} ${entrant.info.name}`);
      try {
        samples.push((await host.call("run", [iterations], PREPARE_MS)) / iterations);
      } catch (error) {
        cells[entrant.info.name] = failed((error as Error).message);
      }
    }
  }
  for (const { entrant, host, difference, iterations, samples } of running) {
    await host.call("finish", []).catch(() => undefined);
    const errors = host.takeErrors();
    if (errors.length > 0) cells[entrant.info.name] = failed(`errors in the page: ${errors[0]}`);
    cells[entrant.info.name] ??= {
      status: "ok",
      medianMs: median(samples),
      minMs: Math.min(...samples),
      maxMs: Math.max(...samples),
      samples,
      iterations,
      difference,
    };
  }
  return cells;
}
