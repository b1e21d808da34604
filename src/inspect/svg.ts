// The autograd graph as SVG: a layered drawing in plain text, without a layout library. Use toDot with Graphviz for finer layouts.
import type { Tensor } from "../tensor.ts";
import { show } from "../base/errors.ts";
import { type Graph, type GraphNode, graphOf, type GraphOptions } from "./graph.ts";

const line = 15;
const gapX = 26;
const gapY = 44;
const colours = { operator: ["#dbe7ff", "#3b5b9d"], leaf: ["#d9f2d9", "#3c7a3c"], output: ["#ffe3c2", "#a5641a"] } as const;

const escape = (text: string): string => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

interface Box {
  readonly node: GraphNode;
  readonly text: readonly string[];
  readonly width: number;
  readonly height: number;
  x: number;
  y: number;
}

/** Longest distance from an output: a node lies below everything that sends it a gradient. */
function layers({ nodes, edges }: Graph): number[] {
  const depth = new Array<number>(nodes.length).fill(0);
  const incoming = new Array<number>(nodes.length).fill(0);
  const outgoing: number[][] = nodes.map(() => []);
  for (const { from, to } of edges) {
    incoming[to]!++;
    outgoing[from]!.push(to);
  }
  const ready = nodes.filter((n) => incoming[n.id] === 0).map((n) => n.id);
  for (let id = ready.pop(); id !== undefined; id = ready.pop())
    for (const to of outgoing[id]!) {
      depth[to] = Math.max(depth[to]!, depth[id]! + 1);
      if (--incoming[to]! === 0) ready.push(to);
    }
  return depth;
}

/** Orders each layer by the mean place of its neighbours, a few sweeps down and up. Source: the barycentre heuristic of Sugiyama et al. (1981). */
function order(rows: number[][], edges: Graph["edges"]): void {
  const place = new Map<number, number>();
  const note = (row: readonly number[]): void => row.forEach((id, i) => place.set(id, i));
  rows.forEach(note);
  const mean = (ids: readonly number[], otherwise: number): number =>
    ids.length === 0 ? otherwise : ids.reduce((s, id) => s + place.get(id)!, 0) / ids.length;
  const above = new Map<number, number[]>();
  const below = new Map<number, number[]>();
  const push = (map: Map<number, number[]>, key: number, value: number): void => void (map.get(key)?.push(value) ?? map.set(key, [value]));
  for (const { from, to } of edges) {
    push(above, to, from);
    push(below, from, to);
  }
  for (let sweep = 0; sweep < 4; sweep++)
    for (const row of sweep % 2 === 0 ? rows : [...rows].reverse()) {
      const side = sweep % 2 === 0 ? above : below;
      const weight = new Map(row.map((id, i) => [id, mean(side.get(id) ?? [], i)]));
      row.sort((a, b) => weight.get(a)! - weight.get(b)!);
      note(row);
    }
}

/** The graph as a standalone SVG document; each box carries a title with what it saved. Errors: as graphOf. */
export function toSvg(tensors: Tensor | readonly Tensor[], options: GraphOptions = {}): string {
  const graph = graphOf(tensors, options);
  const depth = layers(graph);
  const boxes: Box[] = graph.nodes.map((node) => {
    const text = [node.label, show(node.shape)];
    return { node, text, width: Math.max(...text.map((s) => s.length)) * 7 + 20, height: text.length * line + 12, x: 0, y: 0 };
  });
  const rows: number[][] = [];
  for (const { id } of graph.nodes) (rows[depth[id]!] ??= []).push(id);
  order(rows, graph.edges);
  const widthOf = (row: readonly number[]): number => row.reduce((s, id) => s + boxes[id]!.width + gapX, -gapX);
  const width = Math.max(...rows.map(widthOf)) + 2 * gapX;
  rows.forEach((row, r) => {
    let x = (width - widthOf(row)) / 2;
    for (const id of row) {
      const box = boxes[id]!;
      box.x = x;
      box.y = gapX + r * (2 * line + 12 + gapY);
      x += box.width + gapX;
    }
  });
  const height = rows.length * (2 * line + 12 + gapY) + gapX;
  const arrows = graph.edges.map(({ from, to }) => {
    const [a, b] = [boxes[from]!, boxes[to]!];
    const [x1, y1, x2, y2] = [a.x + a.width / 2, a.y + a.height, b.x + b.width / 2, b.y];
    const bend = Math.max(20, (y2 - y1) / 2);
    return `<path d="M${x1} ${y1}C${x1} ${y1 + bend} ${x2} ${y2 - bend} ${x2} ${y2 - 2}" fill="none" stroke="#777" marker-end="url(#arrow)"/>`;
  });
  const shapes = boxes.map((b) => {
    const [fill, stroke] = colours[b.node.kind];
    const saved = b.node.saved.map((s) => `saved ${s.name} ${s.shape ? show(s.shape) : ""}`).join("\n");
    const radius = b.node.kind === "operator" ? 5 : b.height / 2;
    const words = b.text
      .map((s, i) => `<text x="${b.x + b.width / 2}" y="${b.y + 6 + line * (i + 0.8)}" text-anchor="middle">${escape(s)}</text>`)
      .join("");
    return `<g><title>${escape([b.node.label, show(b.node.shape), saved].filter(Boolean).join("\n"))}</title><rect x="${b.x}" y="${b.y}" width="${b.width}" height="${b.height}" rx="${radius}" fill="${fill}" stroke="${stroke}"/>${words}</g>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${Math.ceil(width)} ${Math.ceil(height)}" width="${Math.ceil(width)}" height="${Math.ceil(height)}" font-family="Helvetica, Arial, sans-serif" font-size="12" fill="#1a1a1a"><defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="#777"/></marker></defs>${arrows.join("")}${shapes.join("")}</svg>\n`;
}
