// summary(): what a model's layers make of an input, their parameters, and how far each output sees.
import { noGrad } from "../autograd/mode.ts";
import { widthOf } from "../base/dtype.ts";
import { show } from "../base/errors.ts";
import { entry } from "../base/reading.ts";
import type { Module } from "../nn/module.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { columns } from "./columns.ts";
import { tensorsIn } from "./samples.ts";

export interface SummaryRow {
  /** Dotted path in the model, "" for the model itself. */
  readonly name: string;
  readonly type: string;
  readonly depth: number;
  readonly output: readonly number[] | undefined;
  /** Parameters of this layer alone. */
  readonly parameters: number;
  /** Input area one output element sees, per spatial dimension; undefined where windows do not describe the layer. */
  readonly receptiveField: readonly number[] | undefined;
}
export interface Summary {
  readonly rows: readonly SummaryRow[];
  readonly parameters: number;
  readonly trainable: number;
  /** Bytes of all parameters and of all layer outputs for this input. */
  readonly parameterBytes: number;
  readonly activationBytes: number;
  toString(): string;
}

interface Windowed {
  readonly kernelSize?: number | readonly number[];
  readonly stride?: number | readonly number[];
  readonly dilation?: number | readonly number[];
  readonly transposed?: boolean;
}
/** Per spatial dimension: what one output element sees, and the step between neighbours, in input elements. */
type Field = readonly { readonly size: number; readonly step: number }[];

/**
 * Grows a receptive field through one layer. r' = r + (k − 1)·d·j and j' = j·s, with j the step.
 * Source: Dumoulin and Visin, A guide to convolution arithmetic for deep learning (2016).
 */
function grow(field: Field | undefined, { kernelSize = 1, stride = kernelSize, dilation = 1, transposed }: Windowed): Field | undefined {
  if (transposed) return undefined;
  const at = (value: number | readonly number[], i: number): number => (typeof value === "number" ? value : value[i]!);
  return field?.map(({ size, step }, i) => ({
    size: size + (at(kernelSize, i) - 1) * at(dilation, i) * step,
    step: step * at(stride, i),
  }));
}

/**
 * Runs the model once in eval mode without recording and reports every layer. The model's mode is restored.
 * Errors: whatever the model's forward throws.
 * @example
 * const net = new nn.Sequential(new nn.Linear(2, 8), new nn.ReLU(), new nn.Linear(8, 1));
 * inspect.summary(net, zeros(1, 2)).parameters; // → 33
 */
export function summary(model: Module, ...inputs: Tensor[]): Summary {
  const modules = entry("summary", arguments, Infinity, () => [...model.namedModules()]);
  const modes = modules.map(([, m]) => m.training);
  const spatial = Math.max(0, (inputs[0]?.ndim ?? 0) - 2);
  let field: Field | undefined = spatial > 0 ? new Array(spatial).fill({ size: 1, step: 1 }) : undefined;
  const activations = new Map<Module, number>();
  const rows = modules.map(([name, module]): { -readonly [K in keyof SummaryRow]: SummaryRow[K] } => ({
    name,
    type: module.constructor.name,
    depth: name === "" ? 0 : name.split(".").length,
    output: undefined,
    parameters: count(module.parameters(false)),
    receptiveField: undefined,
  }));
  const handles = modules.map(([, module], k) =>
    module.registerForwardHook((_module, _args, output) => {
      const out = tensorsIn(output)[0];
      const leaf = [...module.children()].length === 0;
      if (leaf && "kernelSize" in module) field = grow(field, module as Windowed);
      else if (out && out.ndim !== spatial + 2) field = undefined;
      const row = rows[k]!;
      if (leaf && out) activations.set(module, bytesOf(out));
      row.output = out?.shape;
      if (leaf) row.receptiveField = field?.map((f) => f.size);
    }),
  );
  try {
    model.eval();
    noGrad(() => model.call(...inputs));
  } finally {
    for (const h of handles) h.remove();
    modules.forEach(([, m], k) => (m.training = modes[k]!));
  }
  const parameters = [...model.parameters()];
  const result = {
    rows,
    parameters: count(parameters),
    trainable: count(parameters.filter((p) => p.requiresGrad)),
    parameterBytes: total(parameters.map(bytesOf)),
    activationBytes: total(activations.values()),
  };
  return { ...result, toString: () => render(result) };
}

const total = (list: Iterable<number>): number => [...list].reduce((sum, n) => sum + n, 0);
const count = (list: Iterable<Tensor>): number => total(Array.from(list, (p) => p.numel()));
const bytesOf = (x: Tensor): number => x.numel() * widthOf(x.dtype);

function render({ rows, parameters, trainable, parameterBytes, activationBytes }: Omit<Summary, "toString">): string {
  const grouped = (n: number): string => n.toLocaleString("en");
  const lines = columns(
    [
      ["layer", "output", "parameters", "receptive field"],
      ["─", "─", "─", "─"],
      ...rows.map(({ depth, type, name, output, parameters: own, receptiveField }) => [
        "  ".repeat(depth) + type + (name && ` (${name})`),
        output ? show(output) : "–",
        grouped(own),
        receptiveField?.join("×") ?? "–",
      ]),
    ],
    [2],
  );
  const size = (bytes: number): string => `${(bytes / 1024).toFixed(1)} KiB`;
  const footer = `${grouped(parameters)} parameters (${grouped(trainable)} trainable), ${size(parameterBytes)}; activations ${size(activationBytes)}`;
  return [...lines, footer].join("\n");
}
