// The autograd graph of any tensor as data and as Graphviz DOT: one node per operator and per leaf, edges as gradients flow.
import { route } from "../autograd/engine.ts";
import { Accumulate } from "../autograd/node.ts";
import { ArgumentError, GradError, show } from "../base/errors.ts";
import { parse } from "../base/options.ts";
import { entry, takes } from "../base/reading.ts";
import { operand } from "../ops/arguments.ts";
import type { Tensor } from "../tensor/tensor.ts";

export interface GraphNode {
  readonly id: number;
  readonly kind: "operator" | "leaf" | "output";
  /** Operator name, or the leaf's name when params names it. */
  readonly label: string;
  /** Shape of the node's output, or of the leaf. */
  readonly shape: readonly number[];
  readonly dtype: string;
  /** Tensors kept for backward: name and shape. */
  readonly saved: readonly { readonly name: string; readonly shape: readonly number[] | undefined }[];
}
export interface Graph {
  readonly nodes: readonly GraphNode[];
  /** Gradients flow from `from` to `to`; `label` is the shape of what flows. */
  readonly edges: readonly { readonly from: number; readonly to: number; readonly label: string }[];
}
export interface GraphOptions {
  /** Names for leaves: pairs as namedParameters() gives them, or an object. */
  readonly params?: Iterable<readonly [string, Tensor]> | Readonly<Record<string, Tensor>>;
  /** Lists the tensors each node saved. Default true. */
  readonly saved?: boolean;
  /** Beyond this many nodes an error is thrown instead of an unreadable drawing. Default 5000. */
  readonly maxNodes?: number;
}

/** The recorded graph behind tensors, every node before those it sends gradients to. Errors: GradError without a graph; ArgumentError beyond maxNodes. */
export function graphOf(tensors: Tensor | readonly Tensor[], options: GraphOptions = {}): Graph {
  return entry("graph", arguments, 2, () => {
    const { params, saved, maxNodes } = parse(
      [options],
      {},
      { params: {} as NonNullable<GraphOptions["params"]>, saved: true, maxNodes: 5000 },
    );
    const roots = [tensors].flat().map((x) => operand(x, "the tensor"));
    const starts = roots.map(({ edge, shape }) => {
      if (edge) return edge;
      throw new GradError(`the tensor ${show(shape)} has no graph`, "nothing behind it requires a gradient");
    });
    const order = [...route(starts.map((edge) => edge.node))];
    const size = roots.length + order.length;
    if (size > maxNodes) throw new ArgumentError(`${size} nodes`, "raise maxNodes");
    const pairs = Symbol.iterator in params ? params : Object.entries(params);
    const names = new Map(Array.from(pairs, ([name, tensor]) => [tensor.edge?.node, name]));
    const outputs = roots.map(({ shape, dtype }): Omit<GraphNode, "id"> => ({ kind: "output", label: "output", shape, dtype, saved: [] }));
    const inner = order.map((node) => {
      const kind: GraphNode["kind"] = node instanceof Accumulate ? "leaf" : "operator";
      const kept = saved ? Object.entries(node.saved).map(([name, s]) => ({ name, shape: s.shape })) : [];
      return { kind, label: names.get(node) ?? (kind === "leaf" ? kind : node.name), ...node.outputs[0]!, saved: kept };
    });
    const nodes = [...outputs, ...inner].map((node, id) => ({ id, ...node }));
    const ids = new Map(order.map((node, i) => [node, roots.length + i]));
    const edges = [...starts.map((edge) => [edge]), ...order.map((node) => node.inputs)].flatMap((inputs, from) =>
      inputs.flatMap((edge) => (edge ? [{ from, to: ids.get(edge.node)!, label: show(edge.node.outputs[edge.index]!.shape) }] : [])),
    );
    return { nodes, edges };
  });
}

/** Fill by kind of node. */
export const colours = { operator: "#dbe7ff", leaf: "#d9f2d9", output: "#ffe3c2" } as const;
/** Label, shape and what was saved, a line each. */
export const linesOf = ({ label, shape, saved }: GraphNode): string =>
  [label, show(shape), ...saved.map((s) => `saved ${s.name} ${s.shape ? show(s.shape) : ""}`)].join("\n");

/** DOT escapes what JSON does, but for control characters, which it does not know. */
const quote = (text: string): string => JSON.stringify(text.replace(/[^\P{Cc}\n]/gu, " "));

/** The graph in DOT, for Graphviz; shapes on the nodes. Labels are escaped. Errors: as graphOf. */
export function toDot(tensors: Tensor | readonly Tensor[], options: GraphOptions = {}): string {
  takes("toDot", arguments, 2);
  const { nodes, edges } = graphOf(tensors, options);
  const boxes = nodes.map((n) => {
    const shape = n.kind === "operator" ? "box" : "ellipse";
    return `n${n.id} [label=${quote(linesOf(n))}, shape=${shape}, fillcolor="${colours[n.kind]}"];\n`;
  });
  const arrows = edges.map((e) => `n${e.from} -> n${e.to} [label="${e.label}"];\n`);
  return `digraph wengert {\nnode [fontname=Helvetica, style="filled,rounded"];\nedge [fontname=Helvetica, fontsize=9];\n${[...boxes, ...arrows].join("")}}\n`;
}
