// The held-out digits that the network is surest of and wrong about: buttons that are made once and relabelled.
import { paintDigit } from "./canvas.ts";
import { element, setText } from "../dom.ts";
import type { HeldOutUpdate } from "./protocol.ts";
import { SIDE } from "./pad.ts";
import type { Turns } from "./turns.ts";

const PIXELS = SIDE * SIDE;
/** So many are drawn in one turn. */
const AT_ONCE = 6;

class Mistake {
  readonly item = document.createElement("li");
  readonly button = document.createElement("button");
  readonly #canvas = document.createElement("canvas");
  readonly #truth = document.createTextNode("");
  readonly #guess = document.createElement("b");
  #index = 0;

  constructor(onClick: (index: number) => void) {
    this.#canvas.className = "pixels";
    this.button.type = "button";
    this.button.append(this.#canvas, this.#truth, this.#guess);
    this.button.addEventListener("click", () => onClick(this.#index));
    this.item.append(this.button);
  }

  show(index: number, truth: number, guess: number, pixels: Uint8Array): void {
    this.#index = index;
    const title = `Held-out digit ${index + 1}: a ${truth} taken for a ${guess}. Show it on the pad`;
    if (this.button.title === title) return;
    this.button.title = title;
    this.button.setAttribute("aria-label", title);
    if (this.#truth.data !== `${truth} → `) this.#truth.data = `${truth} → `;
    setText(this.#guess, String(guess));
    paintDigit(this.#canvas, pixels, SIDE);
  }
}

export class Mistakes {
  readonly #list = element("mistakes", HTMLUListElement);
  readonly #note = element("mistakes-note", HTMLElement);
  readonly #shown: Mistake[] = [];
  readonly #turns: Turns;
  readonly #onClick: (index: number) => void;

  constructor(turns: Turns, onClick: (index: number) => void) {
    this.#turns = turns;
    this.#onClick = onClick;
  }

  show(update: HeldOutUpdate): void {
    this.#turns.ask("mistakes", () => this.#draw(update, 0));
  }

  #draw(update: HeldOutUpdate, from: number): void {
    const { indices, truths, guesses, pixels } = update;
    const until = Math.min(from + AT_ONCE, indices.length);
    const fresh: HTMLLIElement[] = [];
    for (let k = from; k < until; k++) {
      let mistake = this.#shown[k];
      if (!mistake) {
        this.#shown.push((mistake = new Mistake(this.#onClick)));
        fresh.push(mistake.item);
      }
      mistake.show(indices[k]!, truths[k]!, guesses[k]!, pixels.subarray(k * PIXELS, (k + 1) * PIXELS));
    }
    this.#list.append(...fresh);
    if (until < indices.length) return this.#turns.ask("more mistakes", () => this.#draw(update, until));
    setText(this.#note, `${update.wrong} of ${update.count.toLocaleString("en")} held-out digits, surest first`);
    const surplus = this.#shown.splice(indices.length);
    // Focus must not fall back to the top of the page with the button that goes.
    if (surplus.some(({ item }) => item.contains(document.activeElement))) this.#shown.at(-1)?.button.focus({ preventScroll: true });
    for (const { item } of surplus) item.remove();
  }
}
