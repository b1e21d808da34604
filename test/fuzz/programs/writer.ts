// Writes a program step by step while a machine runs it on the CPU, so that the shapes of what is there are known.
import { isFloat } from "../../../src/base/dtype.ts";
import { sizeOf } from "../../../src/base/shape.ts";
import type { Tensor } from "../../../src/tensor/tensor.ts";
import type { Rng } from "../random.ts";
import { Machine } from "./machine.ts";
import type { Argument, Ref, Step } from "./program.ts";

/** What a profile chooses from. */
export interface Material {
  /** Sizes of dimensions. */
  readonly sizes: readonly number[];
  readonly mostRank: number;
  /** Contents of float leaves. */
  readonly number: (rng: Rng) => number;
  /** Only whole numbers arise, so that every device must agree exactly at ties. */
  readonly exact?: true;
  /** Values beyond this are rarely used again. */
  readonly large: number;
  /** Probability that an operand is a new leaf. */
  readonly fresh: number;
}

export interface Wish {
  readonly rank?: readonly [number, number];
  readonly shape?: readonly number[];
  readonly where?: (x: Tensor) => boolean;
}

const elements = (x: Tensor): ArrayLike<number> | undefined =>
  x.numel() === 0 ? [] : ((x.storage.memory as ArrayLike<number> | undefined) ?? [x.storage.constant ?? 0]);

export class Writer {
  readonly rng: Rng;
  readonly material: Material;
  readonly machine = new Machine({ device: "cpu", float: "float64" });
  steps: Step[] = [];
  #count = 0;

  constructor(rng: Rng, material: Material) {
    this.rng = rng;
    this.material = material;
  }

  /** Appends a step and runs it. The references of its results, none when it threw. */
  emit(op: string, args: readonly Argument[], more: Partial<Step> = {}): Ref[] {
    const step: Step = { name: `s${this.#count++}`, op, args, ...more };
    this.steps.push(step);
    this.machine.run(step);
    return [...this.machine.values.keys()].filter((key) => key === step.name || key.startsWith(`${step.name}.`)).map(($) => ({ $ }));
  }
  /** Steps written by fn, taken out of the program to be the body of one. */
  nested(fn: () => void): Step[] {
    const outer = this.steps;
    this.steps = [];
    fn();
    const inner = this.steps;
    this.steps = outer;
    return inner;
  }
  name(): string {
    return `s${this.#count++}`;
  }

  of({ $ }: Ref): Tensor {
    return this.machine.values.get($)!;
  }
  shapeOf(ref: Ref): readonly number[] {
    return this.of(ref).shape;
  }
  /** All values there are, oldest first. */
  all(where: (x: Tensor) => boolean = () => true): Ref[] {
    return [...this.machine.values].filter(([, x]) => !x.disposed && where(x)).map(([$]) => ({ $ }));
  }

  size(): number {
    return this.rng.pick(this.material.sizes);
  }
  shape(low: number, high: number): number[] {
    const shape = Array.from({ length: this.rng.int(low, Math.max(low, Math.min(high, this.material.mostRank))) }, () => this.size());
    return sizeOf(shape) > 600 ? shape.map((d) => Math.min(d, 3)) : shape;
  }
  /** A shape that broadcasts with the given one. */
  partner(shape: readonly number[]): number[] {
    const { rng } = this;
    const cut = rng.chance(0.3) ? shape.slice(rng.int(0, shape.length)) : [...shape];
    return cut.map((d) => (rng.chance(0.25) ? 1 : d));
  }

  leaf(shape: readonly number[], { grad = this.rng.chance(0.8), number = this.material.number } = {}): Ref {
    const data = Array.from({ length: sizeOf(shape) }, () => Math.fround(number(this.rng)));
    return this.emit("leaf", [shape, "float", data, grad])[0]!;
  }
  integers(shape: readonly number[], low: number, high: number, dtype = "int32"): Ref {
    return this.emit("leaf", [shape, dtype, Array.from({ length: sizeOf(shape) }, () => this.rng.int(low, high)), false])[0]!;
  }
  mask(shape: readonly number[]): Ref {
    const found = this.all((x) => x.dtype === "bool" && String(x.shape) === String(shape));
    return found.length > 0 && this.rng.chance(0.5) ? this.rng.pick(found) : this.integers(shape, 0, 1, "bool");
  }

  /** A float of at most moderate size that is there already, or a new leaf. */
  float({ rank = [0, this.material.mostRank], shape, where = () => true }: Wish = {}): Ref {
    const { rng, material } = this;
    if (!rng.chance(material.fresh)) {
      const fits = this.all(
        (x) =>
          isFloat(x.dtype) &&
          x.numel() <= 600 &&
          (shape ? String(shape) === String(x.shape) : x.ndim >= rank[0] && x.ndim <= rank[1]) &&
          where(x) &&
          (this.moderate(x) || rng.chance(0.03)),
      );
      // The newest more often, so that programs become deep.
      if (fits.length > 0) return rng.chance(0.4) ? fits.at(-1)! : rng.pick(fits);
    }
    return this.leaf(shape ?? this.shape(rank[0], rank[1]));
  }
  /** A second operand that broadcasts with the first. */
  with(x: Ref): Ref {
    const shape = this.shapeOf(x);
    return this.rng.chance(0.3) ? this.float({ shape }) : this.float({ shape: this.partner(shape) });
  }
  moderate(x: Tensor): boolean {
    const data = elements(x)!;
    for (let i = 0; i < data.length; i++) if (!(Math.abs(data[i]!) <= this.material.large)) return false;
    return true;
  }
  /** A literal number: whole where programs must stay exact. */
  scalar(low = -2, high = 2): number {
    return this.material.exact ? this.rng.int(Math.ceil(low), Math.floor(high)) : Math.fround(low + (high - low) * this.rng.unit());
  }
  dim(x: Ref): number {
    const { ndim } = this.of(x);
    return this.rng.int(-Math.max(1, ndim), Math.max(1, ndim) - 1);
  }
  /** Some dimensions, each once. */
  dims(x: Ref, least = 0): number[] {
    const { ndim } = this.of(x);
    const all = this.rng.shuffled(Array.from({ length: ndim }, (_, i) => i));
    return all.slice(0, this.rng.int(Math.min(least, ndim), ndim)).map((d) => (this.rng.chance(0.3) ? d - ndim : d));
  }
}
