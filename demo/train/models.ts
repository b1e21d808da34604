// The models that the terminal trains, and what suits each of them.
import { type ModelName as DigitsModel, MODEL_NAMES as DIGITS_MODELS, MODEL_TITLES } from "../mnist/model-names.ts";

export interface Model {
  readonly title: string;
  /** What it does, in a few words. */
  readonly about: string;
  readonly epochs: number;
  readonly batch: number;
  readonly lr: number;
  /** Channels or units of its first layer, where they can be chosen. */
  readonly width?: number;
  /** Points to an epoch, where it draws its samples itself instead of being given digits. */
  readonly points?: number;
  /** False where the learning rate stays as it is. */
  readonly decays?: false;
}

const digits = { epochs: 5, batch: 64, lr: 2e-3 };

export const MODELS = {
  lenet: { title: MODEL_TITLES.lenet, about: "classifies digits", ...digits },
  mlp: { title: MODEL_TITLES.mlp, about: "classify digits", ...digits },
  bnnet: { title: MODEL_TITLES.bnnet, about: "classifies digits", ...digits },
  resnet: { title: "ResNet-18", about: "classifies digits (--width 64 is the paper's)", epochs: 5, batch: 64, lr: 0.05, width: 16 },
  unet: {
    title: "U-Net",
    about: "finds the ink of digits drowned in noise (--width 64 is the paper's)",
    epochs: 3,
    batch: 32,
    lr: 1e-3,
    width: 16,
  },
  vae: { title: "Variational autoencoder", about: "draws digits, from 20 numbers each", epochs: 10, batch: 64, lr: 1e-3, width: 400 },
  dcgan: {
    title: "DCGAN",
    about: "draws digits, against a judge of real and made ones",
    epochs: 20,
    batch: 64,
    lr: 2e-4,
    width: 32,
    decays: false,
  },
  "wgan-gp": {
    title: "WGAN-GP",
    about: "draws digits, against a critic whose gradient is held at 1",
    epochs: 40,
    batch: 64,
    lr: 2e-4,
    width: 128,
    decays: false,
  },
  pinn: {
    title: "Physics-informed network",
    about: "solves the heat equation, without any data",
    epochs: 60,
    batch: 256,
    lr: 5e-3,
    width: 20,
    points: 8192,
  },
} as const satisfies Readonly<Record<string, Model>>;

export type ModelName = keyof typeof MODELS;
export const MODEL_NAMES = Object.keys(MODELS) as readonly ModelName[];

/** A model's entry, whichever it is. */
export const modelOf = (name: ModelName): Model => MODELS[name];

/** Those that the page trains, too. */
export const isDigitsModel = (name: ModelName): name is DigitsModel => (DIGITS_MODELS as readonly string[]).includes(name);

/** The models with their defaults, a line each. */
export function modelTable(): string {
  const head = ["", "epochs", "batch", "lr", "width", ""];
  const rows = MODEL_NAMES.map((name) => {
    const { title, about, epochs, batch, lr, width } = modelOf(name);
    return [name, epochs, batch, lr, width ?? "–", `${title}: ${about}`].map(String);
  });
  const widths = [9, 8, 7, 8, 7];
  const line = (cells: readonly string[]): string =>
    cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[0]!) : i < 5 ? cell.padStart(widths[i]!) : `  ${cell}`)).join("");
  return [head, ...rows].map((cells) => `  ${line(cells)}`.trimEnd()).join("\n");
}
