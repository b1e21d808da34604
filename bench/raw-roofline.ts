/** FMA rate and copy bandwidth of the device, fixed costs cancelled by a difference of two sizes. */
import type { Roofline } from "./contestant.ts";
import type { RawDevice } from "./raw-device.ts";
import roofline from "./shaders/roofline.wgsl?raw";

/** Spellings of the multiply-add loop with the operations of one step: eight chains, two each, in every lane. */
const SPELLINGS = { fused_vectors: 64, plain_vectors: 64, fused_scalars: 16, plain_scalars: 16 };
const THREADS = 16 * 1024;
const COPY_BYTES = 64 * 1024 * 1024;
/** Shorter measurements drown in timer resolution and scheduling. */
const ENOUGH_MS = 30;

async function seconds(raw: RawDevice, repeat: number, command: ReturnType<RawDevice["command"]>): Promise<number> {
  let best = Infinity;
  const commands = Array.from({ length: repeat }, () => command);
  for (let i = 0; i < 3; i++) {
    const begin = performance.now();
    raw.submit(commands);
    await raw.done();
    best = Math.min(best, performance.now() - begin);
  }
  return best / 1000;
}

/** Work per second of a command: twice as often minus once, until once takes long enough. */
async function rate(raw: RawDevice, command: ReturnType<RawDevice["command"]>, work: number): Promise<number> {
  let repeat = 1;
  let once = await seconds(raw, repeat, command);
  while (once * 1000 < ENOUGH_MS && repeat < 4096) {
    repeat *= 2;
    once = await seconds(raw, repeat, command);
  }
  const twice = await seconds(raw, 2 * repeat, command);
  // A disturbed pair can give nonsense; the plain quotient is then the safer, lower figure.
  const difference = twice - once > 0.5 * once ? twice - once : twice / 2;
  return (work * repeat) / difference;
}

/** Measures both limits; takes about a second on a software adapter. */
export async function measureRoofline(raw: RawDevice): Promise<Roofline> {
  const steps = 256;
  const small = raw.storage(new Float32Array(4 * 1024).map((_, i) => ((i % 7) - 3) / 8));
  const out = raw.storage(4 * 1024);
  const params = raw.uniform(steps, 1024);
  let fma = 0;
  for (const [entry, flops] of Object.entries(SPELLINGS)) {
    const command = raw.linear(roofline, entry, [params, small, out], THREADS);
    fma = Math.max(fma, await rate(raw, command, THREADS * steps * flops));
  }
  const [from, to] = [raw.storage(COPY_BYTES / 4), raw.storage(COPY_BYTES / 4)];
  const copy = raw.linear(roofline, "copy", [raw.uniform(0, COPY_BYTES / 16), from, to], COPY_BYTES / 16);
  const bandwidth = await rate(raw, copy, 2 * COPY_BYTES);
  raw.release();
  return { fma, copy: bandwidth };
}
