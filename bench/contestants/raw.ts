/** Hand-written WGSL with cached bind groups, one pass and one submit per iteration: the mark an engine can hope to reach. */
import type { Contestant, Session } from "../contestant.ts";
import { RawDevice } from "../raw-device.ts";
import type { Command } from "../raw-device.ts";
import { bestCommand, matmulCommands } from "../raw-matmul.ts";
import { rawMlp } from "../raw-mlp.ts";
import { measureRoofline } from "../raw-roofline.ts";
import elementwise from "../shaders/elementwise.wgsl?raw";
import pool from "../shaders/pool.wgsl?raw";
import softmax from "../shaders/softmax.wgsl?raw";
import { CHAIN_REPEATS, POOL, MATRIX, chainInputs, matmulInputs, poolInputs, softmaxInputs } from "../workloads.ts";

let gpu: RawDevice | undefined;

function opened(): RawDevice {
  if (gpu === undefined) throw new Error("raw: init was not called");
  return gpu;
}

function operator(raw: RawDevice, commands: readonly Command[], outputs: Record<string, GPUBuffer>): Session {
  return {
    async run(count) {
      for (let i = 0; i < count; i++) raw.submit(commands);
      await raw.done();
    },
    async results() {
      raw.submit(commands);
      const entries: [string, Float32Array][] = [];
      for (const [name, buffer] of Object.entries(outputs)) entries.push([name, await raw.read(buffer)]);
      return Object.fromEntries(entries);
    },
    dispose: () => raw.release(),
  };
}

async function matmulSession(n: number): Promise<Session> {
  const raw = opened();
  const inputs = matmulInputs(n);
  const [a, b, c] = [raw.storage(inputs.a), raw.storage(inputs.b), raw.storage(n * n)];
  const best = await bestCommand(raw, matmulCommands(raw, n, n, n, a, b, c));
  return operator(raw, [best], { c });
}

function chainSession(n: number): Session {
  const raw = opened();
  const inputs = chainInputs(n);
  const [x, a, b] = [raw.storage(inputs.x), raw.storage(inputs.a), raw.storage(inputs.b)];
  const [p, q] = [raw.storage(n), raw.storage(n)];
  const params = raw.uniform(n / 4);
  const commands: Command[] = [];
  let source = x;
  const next = (entry: string, other: GPUBuffer | undefined): void => {
    const target = source === p ? q : p;
    commands.push(raw.linear(elementwise, entry, [params, source, other, target], n / 4));
    source = target;
  };
  for (let r = 0; r < CHAIN_REPEATS; r++) {
    next("multiply", a);
    next("add", b);
    next("relu", undefined);
    next("subtract", b);
    next("negate", undefined);
  }
  return operator(raw, commands, { y: source });
}

async function softmaxSession(): Promise<Session> {
  const raw = opened();
  const { rows, columns } = MATRIX;
  const [x, y] = [raw.storage(softmaxInputs()), raw.storage(rows * columns)];
  const buffers = [raw.uniform(rows, columns / 4), x, y];
  const candidates = [raw.linear(softmax, "softmax_serial", buffers, rows), raw.command(softmax, "softmax_tree", buffers, rows)];
  return operator(raw, [await bestCommand(raw, candidates)], { y });
}

function poolSession(): Session {
  const raw = opened();
  const { n, c, h, w } = POOL;
  const inputs = poolInputs();
  const count = inputs.g.length;
  const [x, g, y, dx] = [raw.storage(inputs.x), raw.storage(inputs.g), raw.storage(count), raw.storage(n * c * h * w)];
  const index = raw.storage(count);
  const params = raw.uniform(count, w / 2);
  const forward = raw.linear(pool, "forward", [params, x, y, index], count);
  const backward = raw.linear(pool, "backward", [params, undefined, undefined, index, g, dx], count);
  return operator(raw, [forward, backward], { y, dx });
}

export const contestant: Contestant = {
  async init() {
    gpu = await RawDevice.request();
  },
  prepare: {
    "matmul-256": () => matmulSession(256),
    "matmul-512": () => matmulSession(512),
    "matmul-1024": () => matmulSession(1024),
    "chain-1k": () => chainSession(1024),
    "chain-4m": () => chainSession(4 * 1024 * 1024),
    softmax: softmaxSession,
    "pool-fb": poolSession,
    mlp: () => rawMlp(opened()),
  },
  roofline: () => measureRoofline(opened()),
};
