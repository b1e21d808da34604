// Turns what the trainer knows into the updates that the page draws.
import { nn, type Tensor } from "../../src/index.ts";
import { CLASSES, type DigitSet, PIXELS } from "../mnist/digits.ts";
import { type Evaluation, probabilities, type Trainer } from "../mnist/trainer.ts";
import { type HeldOutUpdate, type LookUpdate, type Pictures, SHOWN_MISTAKES } from "./protocol.ts";

/** The mistakes the network is surest of, most embarrassing first. */
export function heldOutUpdate(step: number, { figures, loss, guesses, logits }: Evaluation, digits: DigitSet): HeldOutUpdate {
  const wrong: { index: number; sure: number }[] = [];
  guesses.forEach((guess, index) => {
    if (guess !== digits.labels[index]) wrong.push({ index, sure: probabilities(logits, index * CLASSES)[guess]! });
  });
  const shown = wrong.sort((a, b) => b.sure - a.sure || a.index - b.index).slice(0, SHOWN_MISTAKES);
  const pixels = new Uint8Array(shown.length * PIXELS);
  shown.forEach(({ index }, k) => pixels.set(digits.pixels.subarray(index * PIXELS, (index + 1) * PIXELS), k * PIXELS));
  return {
    kind: "heldOut",
    step,
    accuracy: figures.accuracy,
    loss,
    count: digits.count,
    wrong: wrong.length,
    indices: Int32Array.from(shown, (s) => s.index),
    truths: Uint8Array.from(shown, (s) => digits.labels[s.index]!),
    guesses: Uint8Array.from(shown, (s) => guesses[s.index]!),
    pixels,
  };
}

/** A tensor whose last two dimensions are pictures. */
async function picturesOf(tensor: Tensor): Promise<Pictures> {
  const [height, width] = tensor.shape.slice(-2) as [number, number];
  return { count: tensor.numel() / (height * width), height, width, values: Float32Array.from(await tensor.array()) };
}

/** Probabilities, first filters and the maps after each convolution's activation, for one digit. */
export async function lookUpdate(trainer: Trainer, probe: Float32Array): Promise<LookUpdate> {
  const layers = [...trainer.model];
  const outputs = trainer.layersFor(probe);
  const first = layers.find((layer) => layer instanceof nn.Conv2d);
  const maps = outputs.flatMap((output, i) => (layers[i] instanceof nn.ReLU && output.ndim === 4 ? [output] : []));
  const logits = outputs.at(-1)!;
  // All reads are asked for at once and travel together.
  const filters = first instanceof nn.Conv2d ? [first.weight.detach()] : [];
  const [scores, ...stacks] = await Promise.all([logits.array(), ...[...filters, ...maps].map(picturesOf)]);
  const drawn = probe.some((v) => v > 0);
  return { kind: "look", ...(drawn && { probabilities: probabilities(scores) }), stacks };
}
