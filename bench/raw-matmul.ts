/** The hand-written matrix products, and the choice among kernels by a short measurement. */
import type { Command, RawDevice } from "./raw-device.ts";
import matmul16x8 from "./shaders/matmul-16x8.wgsl?raw";
import matmul4x4 from "./shaders/matmul-4x4.wgsl?raw";
import matmul8x4 from "./shaders/matmul-8x4.wgsl?raw";
import matmul8x8 from "./shaders/matmul-8x8.wgsl?raw";
import matmulTiled from "./shaders/matmul-tiled.wgsl?raw";

const REGISTER_TILES = [
  { code: matmul4x4, rows: 4, columns: 4 },
  { code: matmul8x4, rows: 8, columns: 4 },
  { code: matmul8x8, rows: 8, columns: 8 },
  { code: matmul16x8, rows: 16, columns: 8 },
];

/** Every kernel that can compute C[m, n] = A[m, k]·B[k, n] for these sizes. */
export function matmulCommands(raw: RawDevice, m: number, n: number, k: number, a: GPUBuffer, b: GPUBuffer, c: GPUBuffer): Command[] {
  const buffers = [raw.uniform(m, n, k), a, b, c];
  const fitting = REGISTER_TILES.filter(({ rows, columns }) => m % rows === 0 && n % columns === 0 && k % 4 === 0);
  const commands = fitting.map(({ code, rows, columns }) =>
    raw.command(code, "matmul", buffers, Math.ceil(n / (8 * columns)), Math.ceil(m / (8 * rows))),
  );
  if (m % 64 === 0 && n % 64 === 0 && k % 16 === 0) commands.push(raw.command(matmulTiled, "matmul", buffers, n / 64, m / 64));
  return commands;
}

/** Kernels that lost by more than twofold once; larger sizes do not try them again. */
const slow = new WeakSet<GPUComputePipeline>();

async function milliseconds(raw: RawDevice, command: Command): Promise<number> {
  const begin = performance.now();
  raw.submit([command]);
  await raw.done();
  return performance.now() - begin;
}

/** The fastest of several commands that compute the same: one warm-up each, then the best of up to three. */
export async function bestCommand(raw: RawDevice, commands: readonly Command[]): Promise<Command> {
  let best: Command | undefined;
  let bestMs = Infinity;
  for (const command of commands.filter(({ pipeline }) => !slow.has(pipeline))) {
    await milliseconds(raw, command);
    for (let i = 0; i < 3; i++) {
      const ms = await milliseconds(raw, command);
      if (ms > 2 * bestMs) {
        slow.add(command.pipeline);
        break;
      }
      if (ms < bestMs) [best, bestMs] = [command, ms];
    }
  }
  if (best === undefined) throw new Error("raw: no kernel fits these sizes");
  return best;
}
