/** Expected digests: the plain loops in float64, run in this process. */
import { digestOf } from "./digest.ts";
import type { Digests } from "./digest.ts";
import { loopsSessions } from "./loops-sessions.ts";
import type { WorkloadId } from "./workloads.ts";

/** Digests of what a workload must yield. */
export async function expectedDigests(workload: WorkloadId): Promise<Digests> {
  const session = loopsSessions((count) => new Float64Array(count))[workload]();
  const results = await session.results();
  return Object.fromEntries(Object.entries(results).map(([name, values]) => [name, digestOf(values)]));
}
