/** The perceptron's training step in ten dispatches, one pass and one submit. */
import type { Session } from "./contestant.ts";
import type { Command, RawDevice } from "./raw-device.ts";
import dense from "./shaders/dense.wgsl?raw";
import train from "./shaders/train.wgsl?raw";
import { CHECKED_STEPS, MLP, batchAt, mlpBatches, mlpWeights } from "./workloads.ts";
import type { Weight } from "./workloads.ts";

/** Outputs of the last layer, padded to whole vectors. */
const PADDED = 12;
/** Bindings must start at multiples of 256 bytes. */
const ALIGN = 64;

interface LayerShape {
  readonly inputs: number;
  readonly outputs: number;
  readonly padded: number;
}

const LAYERS: readonly LayerShape[] = [
  { inputs: 784, outputs: 256, padded: 256 },
  { inputs: 256, outputs: 128, padded: 128 },
  { inputs: 128, outputs: 10, padded: PADDED },
];

interface Part {
  readonly offset: number;
  readonly count: number;
}

/** Where each weight and bias lies in the arena that parameters, gradients and moments share in form. */
function layout(): { parts: Part[]; total: number } {
  const parts: Part[] = [];
  let total = 0;
  for (const { inputs, padded } of LAYERS) {
    for (const count of [inputs * padded, padded]) {
      parts.push({ offset: total, count });
      total += Math.ceil(count / ALIGN) * ALIGN;
    }
  }
  return { parts, total };
}

/** PyTorch's [out, in] weights transposed and padded into one array. */
function initialArena(parts: readonly Part[], total: number, weights: readonly Weight[]): Float32Array<ArrayBuffer> {
  const arena = new Float32Array(total);
  weights.forEach(({ data }, i) => {
    const { inputs, outputs, padded } = LAYERS[i >> 1] as LayerShape;
    const { offset } = parts[i] as Part;
    if (i % 2 === 1) arena.set(data, offset);
    else for (let o = 0; o < outputs; o++) for (let j = 0; j < inputs; j++) arena[offset + j * padded + o] = data[o * inputs + j] as number;
  });
  return arena;
}

/** Makes the perceptron ready on a device. */
export function rawMlp(raw: RawDevice): Session {
  const { parts, total } = layout();
  const arena = raw.storage(initialArena(parts, total, mlpWeights()));
  const [gradients, first, second] = [raw.storage(total), raw.storage(total), raw.storage(total)];
  const part = (buffer: GPUBuffer, i: number): GPUBufferBinding => {
    const { offset, count } = parts[i] as Part;
    return { buffer, offset: 4 * offset, size: 4 * count };
  };
  const rows = MLP.batch;
  const pixels = raw.storage(rows * 784);
  const labels = raw.storage(rows);
  const losses = raw.storage(rows);
  const adamParams = raw.uniform(0, 0, 0, 0, 0, total / 4);
  const activations = LAYERS.map(({ padded }) => raw.storage(rows * padded));
  const deltas = LAYERS.map(({ padded }) => raw.storage(rows * padded));
  const inputOf = (i: number): GPUBuffer => (i === 0 ? pixels : (activations[i - 1] as GPUBuffer));
  const uniforms = LAYERS.map(({ inputs, padded }, i) => raw.uniform(rows, inputs, padded / 4, i < LAYERS.length - 1 ? 1 : 0));
  const commands: Command[] = [];
  LAYERS.forEach(({ padded }, i) => {
    const buffers = [uniforms[i], inputOf(i), part(arena, 2 * i), part(arena, 2 * i + 1), undefined, activations[i]];
    commands.push(raw.command(dense, "forward", buffers, Math.ceil(padded / 32), rows / 64));
  });
  const last = LAYERS.length - 1;
  const lossBuffers = [raw.uniform(rows, 10, PADDED), activations[last], labels, deltas[last], losses];
  commands.push(raw.linear(train, "cross_entropy", lossBuffers, rows));
  for (let i = last; i >= 0; i--) {
    const { inputs, padded } = LAYERS[i] as LayerShape;
    const weightBuffers = [uniforms[i], inputOf(i), undefined, undefined, deltas[i], part(gradients, 2 * i), part(gradients, 2 * i + 1)];
    commands.push(raw.command(dense, "weight_gradient", weightBuffers, Math.ceil(padded / 32), Math.ceil((inputs / 8 + 1) / 8)));
    if (i === 0) continue;
    const inputBuffers = [uniforms[i], inputOf(i), part(arena, 2 * i), undefined, deltas[i], deltas[i - 1]];
    commands.push(raw.command(dense, "input_gradient", inputBuffers, Math.ceil(inputs / 32), rows / 32));
  }
  const adamBuffers = [adamParams, undefined, undefined, undefined, undefined, gradients, arena, first, second];
  commands.push(raw.linear(train, "adam", adamBuffers, total / 4));

  const all = mlpBatches();
  let at = 0;
  const advance = (): void => {
    const { x, y } = batchAt(all, at++);
    const queue = raw.device.queue;
    queue.writeBuffer(pixels, 0, x);
    queue.writeBuffer(labels, 0, y);
    const root = 1 / Math.sqrt(1 - MLP.beta2 ** at);
    queue.writeBuffer(adamParams, 0, new Float32Array([MLP.lr / (1 - MLP.beta1 ** at), root, MLP.beta1, MLP.beta2, MLP.eps]));
    raw.submit(commands);
  };
  return {
    async run(count) {
      for (let i = 0; i < count; i++) advance();
      await raw.done();
    },
    async results() {
      const means: number[] = [];
      for (let i = 0; i < CHECKED_STEPS; i++) {
        advance();
        const each = await raw.read(losses);
        means.push(each.reduce((sum, loss) => sum + loss, 0) / rows);
      }
      return { losses: means };
    },
    dispose: () => raw.release(),
  };
}
