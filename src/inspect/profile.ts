// profile(fn): what a piece of training costs, per operator, with GPU timestamps where the adapter has them.
import { memo } from "../base/memo.ts";
import { callable, takes } from "../base/reading.ts";
import { type Counts, counts } from "../device/ledger.ts";
import { defaultDevice, sync, webGpuDevice } from "../tensor/device.ts";
import { columns } from "./columns.ts";

export interface OpTime {
  readonly name: string;
  readonly dispatches: number;
  /** Milliseconds on the GPU; undefined without timestamps. */
  readonly ms: number | undefined;
}
export interface Profile {
  /** What fn returned. */
  readonly result: unknown;
  /** Wall-clock milliseconds from the call until the device was idle. */
  readonly wallMs: number;
  /** Sum of GPU time, undefined without timestamps. */
  readonly gpuMs: number | undefined;
  /** Where the times come from. */
  readonly source: "gpu timestamps" | "wall clock";
  /** Operators by GPU time, or by number of dispatches without timestamps. */
  readonly operators: readonly OpTime[];
  /** Dispatches, submits and created objects during fn. */
  readonly counts: Counts;
  toString(): string;
}

const querySlots = 4096;

/** Names every dispatch; where the adapter has timestamps, each runs in a pass of its own between two of them. */
function stopwatch(device: GPUDevice): {
  readonly names: string[];
  readonly begin: (name: string) => GPUComputePassTimestampWrites | undefined;
  readonly times: () => Promise<number[] | undefined>;
} {
  const timed = device.features.has("timestamp-query");
  const querySet = timed ? device.createQuerySet({ type: "timestamp", count: querySlots }) : undefined;
  const names: string[] = [];
  let next = 0;
  return {
    names,
    begin(name) {
      names.push(name);
      if (!querySet || next === querySlots) return undefined;
      return { querySet, beginningOfPassWriteIndex: next++, endOfPassWriteIndex: next++ };
    },
    /** Milliseconds of each timed dispatch, in order; undefined without timestamps. */
    async times() {
      if (!querySet) return undefined;
      const size = querySlots * 8;
      const buffer = (usage: number): GPUBuffer => device.createBuffer({ size, usage });
      const resolved = buffer(GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC);
      const read = buffer(GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST);
      const encoder = device.createCommandEncoder();
      encoder.resolveQuerySet(querySet, 0, next, resolved, 0);
      encoder.copyBufferToBuffer(resolved, 0, read, 0, size);
      device.queue.submit([encoder.finish()]);
      await read.mapAsync(GPUMapMode.READ);
      const stamps = new BigUint64Array(read.getMappedRange());
      const times = Array.from({ length: next / 2 }, (_, i) => Number(stamps[2 * i + 1]! - stamps[2 * i]!) / 1e6);
      for (const made of [resolved, read, querySet]) made.destroy();
      return times;
    },
  };
}

/** Runs fn (sync or async) and reports what it cost on the device in use. Run it once before, so that compilation is not counted. */
export async function profile(fn: () => unknown): Promise<Profile> {
  takes("profile", arguments, 1);
  callable("profile", fn);
  const device = defaultDevice().type === "webgpu" ? webGpuDevice() : undefined;
  await sync();
  const before = { ...counts };
  const observer = device && stopwatch(device.gpu);
  device?.observe(observer?.begin);
  const start = performance.now();
  let result: unknown;
  let wallMs: number;
  try {
    result = await fn();
    await sync();
    wallMs = performance.now() - start;
  } finally {
    device?.observe(undefined);
  }
  const spent = Object.fromEntries(Object.entries(counts).map(([key, n]) => [key, n - before[key as keyof Counts]])) as Counts;
  const times = await observer?.times();
  const byName = new Map<string, { name: string; dispatches: number; ms: number | undefined }>();
  observer?.names.forEach((name, i) => {
    const entry = memo(byName, name, () => ({ name, dispatches: 0, ms: times && 0 }));
    entry.dispatches++;
    if (times) entry.ms! += times[i] ?? 0;
  });
  const operators = [...byName.values()].sort((a, b) => (times ? b.ms! - a.ms! : b.dispatches - a.dispatches));
  const gpuMs = times?.reduce((a, b) => a + b, 0);
  const report = {
    result,
    wallMs,
    gpuMs,
    source: times ? ("gpu timestamps" as const) : ("wall clock" as const),
    operators,
    counts: spent,
  };
  return { ...report, toString: () => render(report) };
}

function render({ wallMs, gpuMs, counts: spent, operators }: Omit<Profile, "toString">): string {
  const gpu = gpuMs === undefined ? "" : `, ${gpuMs.toFixed(2)} ms GPU`;
  const rows = operators.map(({ name, dispatches, ms }) => [name, `${dispatches}×`, ms === undefined ? "" : `${ms.toFixed(3)} ms`]);
  return [`${wallMs.toFixed(2)} ms wall${gpu}, ${spent.dispatches} dispatches, ${spent.submits} submits`, ...columns(rows, [1, 2])].join(
    "\n",
  );
}
