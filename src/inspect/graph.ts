// The autograd graph of any tensor as data and as Graphviz DOT: one node per operator and per leaf, edges as gradients flow.
import { Accumulate, type Node } from "../autograd/node.ts";
import { ArgumentError, GradError, show } from "../base/errors.ts";
import { parse } from "../base/options.ts";
import type { Tensor } from "../tensor.ts";

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

function leafNames(params: GraphOptions["params"]): Map<Node, string> {
  const names = new Map<Node, string>();
  if (!params) return names;
  const pairs = Symbol.iterator in params ? params : Object.entries(params);
  for (const [name, tensor] of pairs as Iterable<readonly [string, Tensor]>) {
    const edge = tensor.edge;
    if (edge) names.set(edge.node, name);
  }
  return names;
}

/** The recorded graph behind tensors. Errors: GradError when a tensor has no graph; ArgumentError beyond maxNodes. */
export function graphOf(tensors: Tensor | readonly Tensor[], options: GraphOptions = {}): Graph {
  const o = parse("graph", [options], { params: undefined as GraphOptions["params"], saved: true, maxNodes: 5000 });
  const roots = Array.isArray(tensors) ? (tensors as Tensor[]) : [tensors as Tensor];
  const names = leafNames(o.params);
  const ids = new Map<Node, number>();
  const nodes: GraphNode[] = [];
  const edges: { from: number; to: number; label: string }[] = [];
  const queue: Node[] = [];
  const visit = (node: Node): number => {
    const known = ids.get(node);
    if (known !== undefined) return known;
    if (nodes.length >= o.maxNodes)
      throw new ArgumentError("graph", `more than ${o.maxNodes} nodes`, "draw a smaller part, or raise maxNodes");
    const id = nodes.length;
    ids.set(node, id);
    queue.push(node);
    const leaf = node instanceof Accumulate;
    const { shape, dtype } = node.outputs[0]!;
    const saved = o.saved ? Object.entries(node.saved).map(([name, s]) => ({ name, shape: s.shape })) : [];
    nodes.push({ id, kind: leaf ? "leaf" : "operator", label: names.get(node) ?? (leaf ? "leaf" : node.name), shape, dtype, saved });
    return id;
  };
  for (const root of roots) {
    const edge = root.edge;
    if (!edge)
      throw new GradError("graph", `the tensor ${show(root.shape)} has no graph`, "it must come from a tensor that requires a gradient");
    const id = nodes.length;
    nodes.push({ id, kind: "output", label: "output", shape: root.shape, dtype: root.dtype, saved: [] });
    edges.push({ from: id, to: visit(edge.node), label: show(root.shape) });
  }
  for (let node = queue.shift(); node; node = queue.shift())
    for (const edge of node.inputs)
      if (edge) edges.push({ from: ids.get(node)!, to: visit(edge.node), label: show(edge.node.outputs[edge.index]!.shape) });
  return { nodes, edges };
}

/** Fill and outline by kind of node. */
export const colours = { operator: ["#dbe7ff", "#3b5b9d"], leaf: ["#d9f2d9", "#3c7a3c"], output: ["#ffe3c2", "#a5641a"] } as const;
/** Label, shape and what was saved, a line each. */
export const linesOf = ({ label, shape, saved }: GraphNode): string =>
  [label, show(shape), ...saved.map((s) => `saved ${s.name} ${s.shape ? show(s.shape) : ""}`)].join("\n");

/** DOT escapes what JSON does, but for control characters, which it does not know. */
const quote = (text: string): string => JSON.stringify(text.replace(/[^\P{Cc}\n]/gu, " "));

/** The graph in DOT, for Graphviz; shapes on the nodes. Labels are escaped. Errors: as graphOf. */
export function toDot(tensors: Tensor | readonly Tensor[], options: GraphOptions = {}): string {
  const { nodes, edges } = graphOf(tensors, options);
  const boxes = nodes.map((n) => {
    const shape = n.kind === "operator" ? "box" : "ellipse";
    return `n${n.id} [label=${quote(linesOf(n))}, shape=${shape}, style="filled,rounded", fillcolor="${colours[n.kind][0]}"];\n`;
  });
  const arrows = edges.map((e) => `n${e.from} -> n${e.to} [label="${e.label}"];\n`);
  return `digraph wengert {\nnode [fontname="Helvetica", fontsize=11];\nedge [fontname="Helvetica", fontsize=9, color="#555555"];\n${[...boxes, ...arrows].join("")}}\n`;
}
