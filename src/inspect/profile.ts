// profile(fn): what a piece of training costs, per operator, with GPU timestamps where the adapter has them.
import { type Counts, counts } from "../backend/ledger.ts";
import { defaultDevice, sync, webGpuDevice } from "../device.ts";

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
class Stopwatch {
  readonly names: string[] = [];
  readonly #device: GPUDevice;
  readonly #queries: GPUQuerySet | undefined;
  #next = 0;

  constructor(device: GPUDevice) {
    this.#device = device;
    const timed = device.features.has("timestamp-query");
    this.#queries = timed ? device.createQuerySet({ type: "timestamp", count: querySlots }) : undefined;
  }
  begin(name: string): GPUComputePassTimestampWrites | undefined {
    this.names.push(name);
    if (!this.#queries || this.#next + 2 > querySlots) return undefined;
    this.#next += 2;
    return { querySet: this.#queries, beginningOfPassWriteIndex: this.#next - 2, endOfPassWriteIndex: this.#next - 1 };
  }
  /** Milliseconds of each timed dispatch, in order; undefined without timestamps. */
  async times(): Promise<number[] | undefined> {
    if (!this.#queries) return undefined;
    const bytes = Math.max(16, this.#next * 8);
    const resolve = this.#device.createBuffer({ size: bytes, usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC });
    const read = this.#device.createBuffer({ size: bytes, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
    const encoder = this.#device.createCommandEncoder();
    if (this.#next > 0) encoder.resolveQuerySet(this.#queries, 0, this.#next, resolve, 0);
    encoder.copyBufferToBuffer(resolve, 0, read, 0, bytes);
    this.#device.queue.submit([encoder.finish()]);
    await read.mapAsync(GPUMapMode.READ);
    const stamps = new BigUint64Array(read.getMappedRange().slice(0));
    for (const b of [resolve, read]) b.destroy();
    this.#queries.destroy();
    return Array.from({ length: this.#next / 2 }, (_, i) => Number(stamps[2 * i + 1]! - stamps[2 * i]!) / 1e6);
  }
}

/** Runs fn (sync or async) and reports what it cost on the device in use. Run it once before, so that compilation is not counted. */
export async function profile(fn: () => unknown): Promise<Profile> {
  const device = defaultDevice().type === "webgpu" ? webGpuDevice() : undefined;
  await sync();
  const before = { ...counts };
  const observer = device && new Stopwatch(device.gpu);
  device?.observe(observer && ((name) => observer.begin(name)));
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
    const entry = byName.get(name) ?? { name, dispatches: 0, ms: times && 0 };
    entry.dispatches++;
    if (times) entry.ms! += times[i] ?? 0;
    byName.set(name, entry);
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

function render(p: Omit<Profile, "toString">): string {
  const head = `${p.wallMs.toFixed(2)} ms wall${p.gpuMs === undefined ? "" : `, ${p.gpuMs.toFixed(2)} ms GPU`}, ${p.counts.dispatches} dispatches, ${p.counts.submits} submits`;
  const width = Math.max(8, ...p.operators.map((o) => o.name.length));
  return [
    head,
    ...p.operators.map(
      (o) =>
        `${o.name.padEnd(width)}  ${String(o.dispatches).padStart(5)}×${o.ms === undefined ? "" : `  ${o.ms.toFixed(3).padStart(9)} ms`}`,
    ),
  ].join("\n");
}
