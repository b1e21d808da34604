// What a model brings to be trained: its networks, its optimisers, and one step as its PyTorch original takes it.
import type { nn, optim, Tensor } from "../../src/index.ts";

/** Figures of a step or of an evaluation, by name, the first the one to watch; losses come with their graph, others without. */
export type Figures = Readonly<Record<string, Tensor>>;

export interface Task {
  /** The networks by name: what is saved. */
  readonly networks: Readonly<Record<string, nn.Module>>;
  readonly optimizers: Readonly<Record<string, optim.Optimizer>>;
  /** Takes the i-th step, over images [N, 1, 28, 28] with values from 0 to 1 and their labels [N], and gives its losses. */
  step(images: Tensor, labels: Tensor, i: number): Figures;
  /** How well it does on images that it was not trained on. Called without gradients, the networks in evaluation. */
  evaluate(images: Tensor, labels: Tensor): Figures;
  /** The class that it takes each image for, where it classifies. Shape: [N]. */
  guesses?(images: Tensor): Tensor;
  /** Pictures of what it has learnt, where there is something to see. Shape: [N, H, W], values from 0 to 1. */
  pictures?(images: Tensor): Tensor;
  /** What they show. */
  readonly caption?: string;
}
