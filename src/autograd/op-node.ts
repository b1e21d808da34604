// The node of a recorded operator: what its rule needs, and the call of the rule.
import { GradError } from "../base/errors.ts";
import type { AnyPrimitive, AnyView, Backward, Inputs, Reads } from "../ops/op.ts";
import type { Tensor } from "../ops/tensor.ts";
import { Node, SavedTensor } from "./node.ts";

type Tensors = Readonly<Record<string, Tensor>>;

/** A call of an operator, as far as its gradient is concerned. */
export interface Recorded {
  readonly name: string;
  readonly attrs: object;
  readonly inputs: Tensors;
  readonly ins: Inputs;
}

/** Names of what the gradients of some inputs read. */
export function readsOf(op: AnyPrimitive | AnyView, wanted: (input: string) => boolean | undefined): Iterable<string> {
  const save: Reads<string> = (op as AnyPrimitive).save ?? [];
  if (Array.isArray(save)) return save as readonly string[];
  return new Set(Object.entries(save).flatMap(([input, names]) => (wanted(input) ? names : [])));
}

/** A recorded operator of the table. */
export class OpNode extends Node {
  readonly #op: AnyPrimitive | AnyView;
  readonly #call: Pick<Recorded, "attrs" | "ins">;
  readonly #keys: readonly string[];

  /** `tensors` holds what the rule may read. Errors: GradError when there is no rule. */
  constructor(op: AnyPrimitive | AnyView, { name, inputs, attrs, ins }: Recorded, tensors: Tensors, out: Tensor) {
    if (op.backward === "none")
      throw new GradError("has no gradient rule, but an input requires a gradient", "detach() it, or run inside noGrad");
    super(
      name,
      Object.values(inputs).map((x) => x.edge),
      out,
    );
    this.#op = op;
    this.#call = { attrs, ins };
    this.#keys = Object.keys(inputs);
    for (const key of readsOf(op, (input) => inputs[input]?.requiresGrad))
      if (tensors[key]) this.saved[key] = new SavedTensor(key, tensors[key], key === "out" ? 0 : -1);
  }

  get attrs(): object {
    return this.#call.attrs;
  }

  override apply([g]: readonly (Tensor | undefined)[], needed: readonly boolean[]): (Tensor | undefined)[] {
    if (!g) return [];
    const saved: Record<string, Tensor> = {};
    for (const key of readsOf(this.#op, (input) => needed[this.#keys.indexOf(input)]))
      if (this.saved[key]) saved[key] = this.saved[key].unpack(this);
    const thunks = (this.#op.backward as Backward<string, string, object>)(g, saved, this.#call.attrs, this.#call.ins);
    return this.#keys.map((key, i) => {
      if (!needed[i]) return undefined;
      if (!thunks[key]) throw new GradError(`has no gradient for ${key}`, "detach() that input", this.name);
      return thunks[key]();
    });
  }
}
