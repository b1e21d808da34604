// Encoding: a batch's commands become compute passes and copies; parameters as immediates or in one uniform buffer, bind groups cached.
import { memo } from "../../base/memo.ts";
import { counts } from "../ledger.ts";
import { usage } from "./flags.ts";
import type { GPUCommandBuffer, GPUComputePassTimestampWrites, GPUDevice } from "./names.ts";
import type { Compiled } from "./pipelines.ts";
import { type Command, type Dispatch, isRead, isWrite } from "./poison.ts";

/** Gives the timestamps to be written around a dispatch of that name. */
export type Timer = (name: string) => GPUComputePassTimestampWrites | undefined;

export interface Encoder {
  /** From the next batch on every dispatch for which it gives timestamps gets a pass of its own. */
  timer: Timer | undefined;
  /** Encodes, if there is anything to encode. All that the host writes beforehand is written in one call of `write`. */
  encode(commands: readonly Command[], write: (all: () => void) => void): GPUCommandBuffer | undefined;
  /** Lets go of bind groups, when buffers were destroyed; after a failure of everything that may be at fault. */
  forget(failed?: boolean): void;
}

/** Every command's parameters have a slot of this many words: the alignment of dynamic uniform offsets. */
const slotWords = 64;
const bindGroupLimit = 4096;

/** Batches have about `usualCommands`; longer ones get a longer uniform buffer. */
export function encoderOf(gpu: GPUDevice, usualCommands: number): Encoder {
  const bindGroups = new Map<string, GPUBindGroup>();
  /** Parameters of the batch being encoded. */
  let words = new Uint32Array(usualCommands * slotWords);
  let floats = new Float32Array(words.buffer);
  let uniform: GPUBuffer | undefined;

  function bindGroup({ compiled, memories }: Dispatch): GPUBindGroup {
    const { layout, layoutKey } = compiled;
    let key = layoutKey;
    for (const { buffer } of memories) key += `,${buffer.id}`;
    return memo(bindGroups, key, () => {
      if (bindGroups.size >= bindGroupLimit) bindGroups.delete(bindGroups.keys().next().value!);
      const resources: GPUBufferBinding[] = memories.map(({ buffer }) => ({ buffer: buffer.gpu }));
      if (compiled.linked.uniform) {
        uniform ??= gpu.createBuffer({ size: words.byteLength, usage: usage.uniform | usage.copyDst });
        resources.push({ buffer: uniform, size: slotWords * 4 });
      }
      counts.bindGroupsCreated++;
      return gpu.createBindGroup({ layout, entries: resources.map((resource, binding) => ({ binding, resource })) });
    });
  }

  function forget(failed = false): void {
    bindGroups.clear();
    if (!failed) return;
    uniform?.destroy();
    uniform = undefined;
  }

  /** A transaction may be longer than any other batch. */
  function makeRoom(commands: readonly Command[]): void {
    if (commands.length * slotWords <= words.length) return;
    words = new Uint32Array(2 * commands.length * slotWords);
    floats = new Float32Array(words.buffer);
    forget(true);
  }

  const encoder: Encoder = {
    timer: undefined,
    encode(commands, write) {
      const writes: (() => void)[] = [];
      makeRoom(commands);
      let into: GPUCommandEncoder | undefined;
      let pass: GPUComputePassEncoder | undefined;
      let last: Compiled | undefined;
      let at = 0;
      const endPass = (): void => {
        pass?.end();
        pass = undefined;
      };
      for (const command of commands) {
        if (isWrite(command)) {
          const { memory, data } = command;
          writes.push(() => gpu.queue.writeBuffer(memory.buffer.gpu, 0, data as Float32Array<ArrayBuffer>));
          continue;
        }
        into ??= gpu.createCommandEncoder();
        if (isRead(command)) {
          endPass();
          into.copyBufferToBuffer(command.memory.buffer.gpu, command.offset, command.target.gpu, 0, command.bytes);
          continue;
        }
        const { compiled, grid, name } = command;
        const { params, uniform: inBuffer } = compiled.linked;
        const timestampWrites = encoder.timer?.(name);
        if (timestampWrites) endPass();
        if (!pass) {
          pass = into.beginComputePass(timestampWrites && { timestampWrites });
          last = undefined;
          counts.passes++;
        }
        if (compiled !== last) pass.setPipeline((last = compiled).pipeline!);
        // Immediates are taken from the words at once, uniforms stay there until the batch is encoded.
        params.forEach(({ type }, i) => ((type === "f32" ? floats : words)[at + i] = command.params[i]!));
        pass.setBindGroup(0, bindGroup(command), inBuffer ? [at * 4] : undefined);
        if (inBuffer) at += slotWords;
        else if (params.length > 0) pass.setImmediates(0, words, at, params.length);
        pass.dispatchWorkgroups(...grid);
        if (timestampWrites) endPass();
      }
      endPass();
      if (at > 0) writes.push(() => gpu.queue.writeBuffer(uniform!, 0, words, 0, at));
      if (writes.length > 0) write(() => writes.forEach((w) => w()));
      counts.writes += writes.length;
      return into?.finish();
    },
    forget,
  };
  return encoder;
}
