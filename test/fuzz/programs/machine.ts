// Runs a program on one device in one dtype and keeps everything that can be observed: values, gradients, reads in between, errors.
import { grad } from "../../../src/autograd/engine.ts";
import { noGrad } from "../../../src/autograd/mode.ts";
import { tidy } from "../../../src/autograd/scope.ts";
import { type DType, isFloat } from "../../../src/base/dtype.ts";
import { tensor } from "../../../src/tensor/create.ts";
import type { DeviceName } from "../../../src/tensor/device.ts";
import { tensorsIn } from "../../../src/inspect/samples.ts";
import { functions } from "../../../src/tensor/methods.ts";
import { Tensor } from "../../../src/tensor/tensor.ts";
import type { Program, Ref, Step } from "./program.ts";
import { withRefs } from "./program.ts";

/** Where and in which dtype floats live. */
export interface Place {
  readonly device: DeviceName;
  readonly float: "float32" | "float64";
}

/** A step that threw. `kind` is the class of the error. */
export interface Thrown {
  readonly at: string;
  readonly kind: string;
  readonly message: string;
}
/** Numbers to compare, under a label such as `s3`, `grad a` or `second a`. */
export interface Observed {
  readonly label: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data: Promise<ArrayLike<number>>;
}
export interface Outcome {
  readonly thrown: readonly Thrown[];
  readonly observed: readonly Observed[];
  /** What was sent into the gradients: for each stage the observed tensors it began from, with their weights. */
  readonly sent: Readonly<Record<string, readonly { readonly label: string; readonly weights: readonly number[] }[]>>;
}

/** What differs from a plain run. */
export interface Deviation {
  /** Changes the result of a step: how rounding errors are imitated. */
  readonly disturb?: (x: Tensor, step: Step) => Tensor;
  /** Changes the contents of a leaf with gradient: how difference quotients are formed. */
  readonly shift?: (data: readonly number[], name: string) => readonly number[];
}

type Call = (...args: readonly unknown[]) => unknown;
const table = functions as unknown as Readonly<Record<string, Call>>;

/** Fixed numbers for the gradient that is sent into a result: small and exact in float32, so that integers stay exact. */
const weightsOf = (size: number, salt: number): number[] => Array.from({ length: size }, (_, i) => ((i * 7 + salt * 3) % 5) - 1.5);
const seedLike = (x: Tensor, salt: number): Tensor =>
  tensor(weightsOf(x.numel(), salt), { shape: x.shape, dtype: x.dtype, device: x.device.type });

/** The values of a program while it runs. */
export class Machine {
  readonly values = new Map<string, Tensor>();
  readonly leaves = new Map<string, Tensor>();
  readonly thrown: Thrown[] = [];
  readonly #reads: Observed[] = [];
  readonly #place: Place;
  readonly #deviation: Deviation;
  #salt = 0;

  constructor(place: Place, deviation: Deviation = {}) {
    this.#place = place;
    this.#deviation = deviation;
  }

  /** Runs one step; what it throws is noted, and the program goes on as a caller that catches would. */
  run(step: Step): void {
    try {
      const call = (): unknown => this.#call(step);
      const result = step.noGrad ? noGrad(call) : call();
      this.#store(step, result);
    } catch (error) {
      this.note(step.name, error);
    }
  }

  note(at: string, error: unknown): void {
    if (error instanceof Missing) return;
    const { name: kind = "no error", message = "" } = error instanceof Error ? error : {};
    this.thrown.push({ at, kind, message: `${message}` });
  }

  #store({ name, op, body, args }: Step, result: unknown): void {
    if (body || op === "leaf") return void (op === "leaf" && this.values.set(name, result as Tensor));
    const { disturb } = this.#deviation;
    const plain = result instanceof Tensor;
    tensorsIn(result).forEach((x, i) => {
      this.values.set(plain ? name : `${name}.${i}`, disturb && isFloat(x.dtype) ? disturb(x, { name, op, args }) : x);
    });
  }

  #value = ({ $: name }: Ref): Tensor => {
    const found = this.values.get(name);
    if (!found) throw new Missing();
    return found;
  };

  #call(step: Step): unknown {
    const { op, body } = step;
    if (op === "leaf") return this.#leaf(step);
    if (body) return this.#tidy(step);
    const args = step.args.map((arg) => withRefs(arg, this.#value, this.#place.float));
    const word = words[op];
    if (word) return word(this, step, args);
    if (op.endsWith("_")) {
      const [x, ...rest] = args as [Record<string, Call>];
      return x[op]!(...rest);
    }
    return table[op]!(...args);
  }

  #leaf({ name, args }: Step): Tensor {
    const [shape, kind, data, requiresGrad] = args as [number[], string, number[], boolean];
    const { device, float } = this.#place;
    const dtype = (kind === "float" ? float : kind) as DType;
    const exact = kind === "float" ? data.map(Math.fround) : data;
    const contents = requiresGrad ? (this.#deviation.shift?.(exact, name) ?? exact) : exact;
    const x = tensor(contents, { shape, dtype, device, requiresGrad });
    if (requiresGrad) this.leaves.set(name, x);
    return x;
  }

  #tidy({ body, args }: Step): void {
    const inner = new Set<string>();
    const kept = tidy(() => {
      for (const step of body!) {
        const before = new Set(this.values.keys());
        this.run(step);
        for (const key of this.values.keys()) if (!before.has(key)) inner.add(key);
      }
      return Object.fromEntries((args as readonly Ref[]).map(({ $ }) => [$, this.values.get($)]));
    });
    for (const key of inner)
      if (!kept[key]) {
        this.values.delete(key);
        this.leaves.delete(key);
      }
  }

  read(label: string, x: Tensor): void {
    this.#reads.push(observe(label, x));
  }
  seed(x: Tensor): Tensor {
    return seedLike(x, this.#salt++);
  }
  forget(x: Tensor): void {
    for (const names of [this.values, this.leaves]) for (const [name, value] of names) if (value === x) names.delete(name);
  }

  /** Gradients of all results, their gradients if asked for, and the start of all reads. */
  finish(second: boolean): Outcome {
    const results: [string, Tensor][] = [];
    const alive = [...this.values].filter(([, x]) => x.numel() <= 4096);
    for (const [name, x] of alive) results.push([name, x]);
    const leaves = [...this.leaves.values()];
    const names = [...this.leaves.keys()];
    for (const [name, x] of this.values) if (x.peekGrad()) results.push([`${name}.grad`, x.peekGrad()!]);
    const sent: Record<string, { label: string; weights: number[] }[]> = {};
    const differentiate = (what: string, outputs: readonly (readonly [string, Tensor])[], createGraph: boolean): [string, Tensor][] => {
      try {
        const live = outputs.flatMap(([, x]) => (x.requiresGrad ? [x] : []));
        if (live.length === 0 || leaves.length === 0) return [];
        sent[what] = outputs
          .filter(([, x]) => x.requiresGrad)
          .map(([label, x], i) => ({ label, weights: weightsOf(x.numel(), this.#salt + i) }));
        const gradOutputs = live.map((x) => this.seed(x));
        const found = grad(live, leaves, { gradOutputs, createGraph, allowUnused: true });
        const labelled = (found as (Tensor | undefined)[]).flatMap((g, i): [string, Tensor][] => (g ? [[`${what} ${names[i]}`, g]] : []));
        results.push(...labelled);
        return labelled;
      } catch (error) {
        this.note(what, error);
        return [];
      }
    };
    const outputs = alive.filter(([name]) => !this.leaves.has(name));
    const first = differentiate("grad", outputs, second);
    if (second) differentiate("second", first, false);
    const observed = results.map(([label, x]) => observe(label, x));
    for (const x of this.values.values()) if (x.peekGrad()) x.grad = null;
    return { thrown: this.thrown, observed: [...this.#reads, ...observed], sent };
  }
}

/** A step of which an operand is missing because its own step threw, or released it. */
class Missing extends Error {}

/** Starts to read a tensor. A failure is looked at when the data are awaited, not before. */
function observe(label: string, x: Tensor): Observed {
  const data = x.array();
  data.catch(() => undefined);
  return { label, dtype: isFloat(x.dtype) ? "float" : x.dtype, shape: x.shape, data };
}

type Word = (machine: Machine, step: Step, args: readonly unknown[]) => unknown;

/** What programs do besides calling operators. */
const words: Readonly<Record<string, Word>> = {
  detach: (_m, _s, [x]) => (x as Tensor).detach(),
  requiresGrad_: (_m, _s, [x, on]) => void (x as Tensor).requiresGrad_(on as boolean),
  retainGrad: (_m, _s, [x]) => (x as Tensor).retainGrad(),
  hook: (_m, _s, [x, factor]) => void (x as Tensor).registerHook((g) => g.mul(factor as number)),
  read: (m, { name }, [x]) => m.read(`read ${name}`, x as Tensor),
  dispose: (m, _s, [x]) => {
    (x as Tensor).dispose();
    m.forget(x as Tensor);
  },
  /** Released, but not forgotten: every later use is an error. */
  release: (_m, _s, [x]) => (x as Tensor).dispose(),
  backward: (m, _s, [x, retainGraph]) => (x as Tensor).backward(m.seed(x as Tensor), { retainGraph: retainGraph as boolean }),
  zeroGrad: (_m, _s, [x]) => void ((x as Tensor).grad = null),
};

/** A whole program. With `scoped`, everything it made is released once its reads have begun. */
export function runProgram(program: Program, place: Place, deviation: Deviation = {}, scoped = true): Outcome {
  const go = (): Outcome => {
    const machine = new Machine(place, deviation);
    for (const step of program.steps) machine.run(step);
    return machine.finish(program.second);
  };
  return scoped ? tidy(() => ({ held: go() })).held : go();
}
