// summary(): what a model's layers make of an input, their parameters, and how far each output sees.
import { noGrad } from "../autograd/mode.ts";
import { show } from "../base/errors.ts";
import type { Module } from "../nn/module.ts";
import type { Tensor } from "../tensor.ts";
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

interface Field {
  readonly size: readonly number[];
  readonly step: readonly number[];
}
interface Windowed {
  readonly kernelSize?: number | readonly number[] | null;
  readonly stride?: number | readonly number[] | null;
  readonly dilation?: number | readonly number[] | null;
  readonly transposed?: boolean;
}

const spread = (value: number | readonly number[] | null | undefined, rank: number, otherwise: number): number[] =>
  typeof value === "number" ? new Array<number>(rank).fill(value) : value ? [...value] : new Array<number>(rank).fill(otherwise);

/**
 * Grows a receptive field through one layer. r' = r + (k − 1)·d·j and j' = j·s, with j the step between neighbours in input elements.
 * Source: Dumoulin and Visin, A guide to convolution arithmetic for deep learning (2016).
 */
function grow(field: Field | undefined, layer: Windowed, rank: number): Field | undefined {
  if (!field || layer.transposed || rank < 1) return undefined;
  const k = spread(layer.kernelSize, rank, 1);
  const s = spread(layer.stride ?? layer.kernelSize, rank, 1);
  const d = spread(layer.dilation, rank, 1);
  return { size: field.size.map((r, i) => r + (k[i]! - 1) * d[i]! * field.step[i]!), step: field.step.map((j, i) => j * s[i]!) };
}

/**
 * Runs the model once in eval mode without recording and reports every layer. The model's mode is restored.
 * Errors: whatever the model's forward throws.
 */
export function summary(model: Module, ...inputs: Tensor[]): Summary {
  const rows: SummaryRow[] = [];
  const handles: { remove(): void }[] = [];
  const modes = [...model.modules()].map((m) => [m, m.training] as const);
  const rank = Math.max(0, (inputs[0]?.ndim ?? 0) - 2);
  let field: Field | undefined = rank > 0 ? { size: new Array<number>(rank).fill(1), step: new Array<number>(rank).fill(1) } : undefined;
  for (const [name, module] of model.namedModules()) {
    const leaf = [...module.children()].length === 0;
    const own = [...module.parameters(false)].reduce((n, p) => n + p.size, 0);
    const at = rows.length;
    rows.push({
      name,
      type: module.constructor.name,
      depth: name === "" ? 0 : name.split(".").length,
      output: undefined,
      parameters: own,
      receptiveField: undefined,
    });
    handles.push(
      module.registerForwardHook((_module, _args, output) => {
        const out = tensorsIn(output)[0];
        const windowed = leaf && (module as unknown as Windowed).kernelSize !== undefined;
        if (windowed) field = grow(field, module as unknown as Windowed, rank);
        else if (out && out.ndim !== rank + 2) field = undefined;
        rows[at] = { ...rows[at]!, output: out?.shape, receptiveField: leaf ? field?.size : undefined };
      }),
    );
  }
  try {
    model.eval();
    noGrad(() => model.call(...inputs));
  } finally {
    for (const h of handles) h.remove();
    for (const [m, training] of modes) m.training = training;
  }
  const parameters = [...model.parameters()];
  const count = (list: readonly Tensor[]): number => list.reduce((n, p) => n + p.size, 0);
  const leaves = rows.filter(
    (r) => r.output && !rows.some((other) => other !== r && other.name.startsWith(r.name === "" ? "" : `${r.name}.`)),
  );
  const activations = leaves.reduce((n, r) => n + r.output!.reduce((a, b) => a * b, 1), 0);
  const result = {
    rows,
    parameters: count(parameters),
    trainable: count(parameters.filter((p) => p.requiresGrad)),
    parameterBytes: 4 * count(parameters),
    activationBytes: 4 * activations,
  };
  return { ...result, toString: () => render(result) };
}

function render({ rows, parameters, trainable, parameterBytes, activationBytes }: Omit<Summary, "toString">): string {
  const cells = rows.map((r) => [
    `${"  ".repeat(r.depth)}${r.type}${r.name ? ` (${r.name})` : ""}`,
    r.output ? show(r.output) : "–",
    r.parameters ? r.parameters.toLocaleString("en") : "–",
    r.receptiveField?.join("×") ?? "–",
  ]);
  const head = ["layer", "output", "parameters", "receptive field"];
  const widths = head.map((h, i) => Math.max(h.length, ...cells.map((c) => c[i]!.length)));
  const line = (c: readonly string[]): string =>
    c
      .map((s, i) => (i === 2 ? s.padStart(widths[i]!) : s.padEnd(widths[i]!)))
      .join("  ")
      .trimEnd();
  const size = (bytes: number): string => `${(bytes / 1024).toFixed(1)} KiB`;
  return [
    line(head),
    widths.map((w) => "─".repeat(w)).join("  "),
    ...cells.map(line),
    `${parameters.toLocaleString("en")} parameters (${trainable.toLocaleString("en")} trainable), ${size(parameterBytes)}; activations ${size(activationBytes)}`,
  ].join("\n");
}
