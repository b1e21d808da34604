// Tensors as text, formatted as PyTorch formats them.
import "../ops/indexing/index.ts";
import { noGrad } from "../autograd/mode.ts";
import { checkNonNegative } from "../base/checks.ts";
import { isFloat } from "../base/dtype.ts";
import { show } from "../base/errors.ts";
import { either, parse } from "../base/options.ts";
import { entry, takes } from "../base/reading.ts";
import { dense } from "../device/cpu.ts";
import { extend } from "./methods.ts";
import type { Tensor } from "./tensor.ts";

/** How numbers are laid out; torch.set_printoptions' names and defaults. */
export interface PrintOptions {
  /** Digits after the point. */
  readonly precision?: number;
  /** Tensors with more elements are shown by their edges only. */
  readonly threshold?: number;
  /** Elements shown at each end of a dimension then. */
  readonly edgeitems?: number;
  readonly linewidth?: number;
  /** Scientific notation always or never; chosen by the range of the values when left out. */
  readonly sciMode?: boolean | undefined;
}
type Settings = { -readonly [K in keyof Required<PrintOptions>]: Required<PrintOptions>[K] };

const settings: Settings = { precision: 4, threshold: 1000, edgeitems: 3, linewidth: 80, sciMode: undefined };

function checked(options: PrintOptions): Settings {
  const o = parse([options], {}, { ...settings, sciMode: either<boolean | undefined>(undefined, "boolean") });
  checkNonNegative({ ...o, sciMode: 0 });
  return o;
}

/**
 * Changes how all tensors print from now on; sciMode left out goes back to choosing by range.
 * @example
 * setPrintOptions({ precision: 2 });
 * String(tensor([Math.PI])); // → tensor([3.14])
 * setPrintOptions({ precision: 4 });
 */
export function setPrintOptions(options: PrintOptions = {}): void {
  Object.assign(
    settings,
    entry("setPrintOptions", arguments, 1, () => checked(options)),
    { sciMode: options.sciMode },
  );
}

/** The methods of this file, as Tensor declares them. */
export interface Printing {
  /** The tensor as PyTorch prints it. */
  toText(options?: PrintOptions): Promise<string>;
  /** The same at once for tensors on the CPU; on the GPU, where values need a wait, shape and dtype. */
  toString(): string;
}

const prefix = "tensor(";

/** Digits of x ≥ 0, ties to even where JavaScript rounds them up; exponents of two digits. */
function digits(x: number, places: number, notation: "toFixed" | "toExponential"): string {
  const rounded = x[notation](places);
  const [exact, exponent = ""] = x[notation](60).split("e") as [string, string?];
  const cut = exact.indexOf(".") + 1 + places;
  const kept = exact.slice(0, places === 0 ? cut - 1 : cut);
  const down = /^50*$/.test(exact.slice(cut)) && Number(kept.at(-1)) % 2 === 0;
  return (down ? kept + (exponent && `e${exponent}`) : rounded).replace(/e(.)(\d)$/, "e$10$2");
}

/** One text per element, all of them as wide as the widest finite one. */
function texts({ dtype }: Tensor, data: ArrayLike<number>, { precision, sciMode }: Settings): string[] {
  const all = Array.from(data);
  const finite = all.filter((v) => Number.isFinite(v) && v !== 0);
  const sizes = Float64Array.from(finite, Math.abs).sort();
  const [low = 1, high = 1] = [sizes[0], sizes.at(-1)];
  const whole = finite.every((v) => Number.isInteger(v));
  const wide = high / low > 1000 || high > 1e8 || (!whole && low < 1e-4);
  const write = (v: number, scientific: boolean): string => {
    if (dtype === "bool") return v ? "True" : "False";
    if (!isFloat(dtype)) return String(v);
    if (Number.isNaN(v)) return "nan";
    const size = Math.abs(v);
    const notation = scientific ? "toExponential" : "toFixed";
    const text = size === Infinity ? "inf" : whole && !scientific ? `${digits(size, 0, notation)}.` : digits(size, precision, notation);
    return (v < 0 || Object.is(v, -0) ? "-" : "") + text;
  };
  // As in PyTorch, the width is that of the notation the range asks for, even where the other one was ordered.
  const width = Math.max(1, ...(isFloat(dtype) ? finite : all).map((v) => write(v, wide).length));
  return all.map((v) => write(v, finite.length > 0 ? (sciMode ?? wide) : wide).padStart(width));
}

/** The brackets around elements that are read off `cells` in order; dimensions in `cut` show an ellipsis in the middle. */
function brackets(cells: readonly string[], shape: readonly number[], cut: readonly boolean[], { edgeitems, linewidth }: Settings): string {
  let at = 0;
  const level = (d: number): string => {
    if (d === shape.length) return cells[at++]!;
    const last = d === shape.length - 1;
    const parts = Array.from({ length: shape[d]! }, () => level(d + 1));
    if (cut[d]) parts.splice(edgeitems, 0, last ? " ..." : "...");
    const margin = " ".repeat(prefix.length + d + 1);
    if (!last) return `[${parts.join(`,${"\n".repeat(shape.length - 1 - d)}${margin}`)}]`;
    const perLine = Math.max(1, Math.floor((linewidth - prefix.length - d) / (cells[0]!.length + 2)));
    const lines = Array.from({ length: Math.ceil(parts.length / perLine) }, (_, i) =>
      parts.slice(i * perLine, (i + 1) * perLine).join(", "),
    );
    return `[${lines.join(`,\n${margin}`)}]`;
  };
  return level(0);
}

function suffixes(x: Tensor): string[] {
  const { shape, dtype, device, gradFn, requiresGrad } = x;
  const size = x.numel();
  // int32 stands for PyTorch's int64, which prints bare unless there is no element to show it.
  const plain = dtype === "float32" || (size > 0 && (dtype === "int32" || dtype === "bool"));
  return [
    device.type !== "cpu" && `device='${device.type}'`,
    size === 0 && shape.length !== 1 && `size=(${shape.join(", ")})`,
    !plain && `dtype=${dtype}`,
    gradFn ? `grad_fn=<${backwardName(gradFn.name)}>` : requiresGrad && "requires_grad=True",
  ].filter((suffix) => suffix !== false);
}

/** PyTorch's name of a node: MulBackward0 for mul, CopySlices for what is no operator. */
function backwardName(name: string): string {
  const upper = name.slice(0, 1).toUpperCase() + name.slice(1).replace(/_$/, "");
  return upper === "CopySlices" ? upper : `${upper}Backward0`;
}

/** What of x is shown, without the middle of dimensions that are too long, and the text around its elements. */
function layout(x: Tensor, o: Settings): { readonly shown: Tensor; readonly write: (data: ArrayLike<number>) => string } {
  const cut = x.shape.map((d) => x.numel() > o.threshold && d > 2 * o.edgeitems);
  const ends = (y: Tensor, d: number): Tensor => y.slice(d, 0, o.edgeitems).cat([y.slice(d, y.shape[d]! - o.edgeitems)], d);
  const shown = noGrad(() => cut.reduce((y, c, d) => (c ? ends(y, d) : y), x.detach()));
  const write = (data: ArrayLike<number>): string => {
    // With no edge items, nothing is left to format between the dots.
    const cells = shown.numel() === 0 ? [""] : texts(x, data, o);
    let text = prefix + (x.numel() === 0 ? "[]" : brackets(cells, shown.shape, cut, o));
    let room = text.length - text.lastIndexOf("\n") + 1;
    for (const suffix of suffixes(x)) {
      const fits = room + suffix.length + 2 <= o.linewidth;
      text += fits ? `, ${suffix}` : `,\n${" ".repeat(prefix.length)}${suffix}`;
      room = fits ? room + suffix.length + 2 : prefix.length + suffix.length;
    }
    return `${text})`;
  };
  return { shown, write };
}

async function toText(x: Tensor, options: PrintOptions = {}): Promise<string> {
  const o = entry("toText", arguments, 2, () => checked(options));
  const { shown, write } = layout(x, o);
  return write(await shown.array());
}

function toString(x: Tensor): string {
  takes("toString", arguments, 1);
  if (x.disposed) return "tensor(disposed)";
  if (x.device.type !== "cpu") return `tensor(${x.dtype}${show(x.shape)} on ${x.device.type}; await toText() shows the values)`;
  const { shown, write } = layout(x, settings);
  return write(dense(shown));
}

/** By name, for installation beside the operators; Node's console.log shows tensors by their text, too. */
extend({ toText, toString, [Symbol.for("nodejs.util.inspect.custom")]: (x) => toString(x) });

declare module "../ops/tensor.ts" {
  interface Tensor extends Printing {}
}
