// Buttons and settings of the training.
import { MODEL_NAMES, MODEL_TITLES, type ModelName } from "../mnist/model-names.ts";
import { element, setText } from "../dom.ts";
import type { State } from "./protocol.ts";

export interface Actions {
  toggle(): Promise<void>;
  step(): Promise<void>;
  restart(): Promise<void>;
  rate(value: number): Promise<void>;
  batch(value: number): Promise<void>;
}

export interface Settings {
  readonly model: ModelName;
  readonly seed: number;
  readonly learningRate: number;
  readonly batchSize: number;
}

const BATCHES = [16, 32, 64, 128, 256];
const SEED_LIMIT = 2 ** 32 - 1;
const DEFAULTS: Settings = { model: "lenet", seed: 42, learningRate: 2e-3, batchSize: 64 };

const messages: Readonly<Record<State, string>> = {
  loading: "Loading the digits",
  running: "Training",
  paused: "Paused",
  finished: "Finished; Continue trains for five epochs more",
  failed: "Stopped",
};

const choice = (value: string, text: string): HTMLOptionElement => new Option(text, value);

export class Controls {
  readonly #toggle = element("toggle", HTMLButtonElement);
  readonly #step = element("step", HTMLButtonElement);
  readonly #restart = element("restart", HTMLButtonElement);
  readonly #rate = element("rate", HTMLInputElement);
  readonly #rateValue = element("rate-value", HTMLOutputElement);
  readonly #batch = element("batch", HTMLSelectElement);
  readonly #model = element("model", HTMLSelectElement);
  readonly #seed = element("seed", HTMLInputElement);
  readonly #state = element("state", HTMLParagraphElement);
  #accepted = DEFAULTS.seed;
  #remark = "";
  #now: State = "loading";

  /** Fills the settings from the page's address and connects the buttons. */
  constructor(query: URLSearchParams, actions: Actions) {
    this.#batch.append(...BATCHES.map((n) => choice(String(n), String(n))));
    this.#model.append(...MODEL_NAMES.filter((name) => name !== "mlp").map((name) => choice(name, MODEL_TITLES[name])));
    this.#batch.value = String(DEFAULTS.batchSize);
    const model = MODEL_NAMES.find((name) => name === query.get("model"));
    this.#model.value = model !== undefined && model !== "mlp" ? model : DEFAULTS.model;
    this.#seed.value = query.get("seed") ?? String(DEFAULTS.seed);
    this.#acceptSeed();
    this.#rate.value = String(Math.log10(DEFAULTS.learningRate));
    this.#showRate();
    this.#toggle.addEventListener("click", () => void actions.toggle());
    this.#step.addEventListener("click", () => void actions.step());
    this.#restart.addEventListener("click", () => void actions.restart());
    this.#model.addEventListener("change", () => void actions.restart());
    this.#seed.addEventListener("change", () => {
      if (this.#acceptSeed()) void actions.restart();
    });
    this.#batch.addEventListener("change", () => void actions.batch(this.values().batchSize));
    this.#rate.addEventListener("input", () => {
      this.#showRate();
      void actions.rate(this.values().learningRate);
    });
  }

  /** The settings as they stand. */
  values(): Settings {
    return {
      model: MODEL_NAMES.find((name) => name === this.#model.value) ?? DEFAULTS.model,
      seed: this.#accepted,
      learningRate: Number((10 ** Number(this.#rate.value)).toPrecision(2)),
      batchSize: Number(this.#batch.value),
    };
  }

  /** Takes the seed that stands there, or puts the one in use back and says why; the field never shows another than trains. */
  #acceptSeed(): boolean {
    const seed = /^\d+$/.test(this.#seed.value) ? Number(this.#seed.value) : NaN;
    const accepted = seed <= SEED_LIMIT;
    if (accepted) this.#accepted = seed;
    this.#seed.value = String(this.#accepted);
    this.#remark = accepted ? "" : `. A seed is a whole number from 0 to ${SEED_LIMIT.toLocaleString("en")}: it stays ${this.#accepted}`;
    this.#say();
    return accepted;
  }

  #say(): void {
    setText(this.#state, messages[this.#now] + this.#remark);
  }

  show(state: State): void {
    setText(this.#toggle, state === "running" || state === "loading" ? "Pause" : state === "finished" ? "Continue" : "Resume");
    this.#toggle.disabled = state === "loading" || state === "failed";
    this.#step.disabled = state === "loading" || state === "failed" || state === "finished";
    this.#restart.disabled = state === "loading";
    // Where only one thing is left to do, it is the button that stands out.
    this.#restart.classList.toggle("primary", state === "failed");
    this.#toggle.classList.toggle("primary", state !== "failed");
    this.#state.dataset["state"] = state;
    this.#now = state;
    this.#say();
  }

  #showRate(): void {
    setText(this.#rateValue, String(this.values().learningRate));
  }
}
