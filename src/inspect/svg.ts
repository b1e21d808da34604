// The autograd graph as SVG: a layered drawing in plain text, without a layout library. Use toDot with Graphviz for finer layouts.
import { show } from "../base/errors.ts";
import { takes } from "../base/reading.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { colours, graphOf, type GraphOptions, linesOf } from "./graph.ts";

const gap = 26;
const height = 42;
const pitch = height + 44;

const escape = (text: string): string => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

/** Orders each layer by the mean place of its neighbours, a few sweeps down. Source: the barycentre heuristic of Sugiyama et al. (1981). */
function order(rows: number[][], neighbours: readonly (readonly number[])[]): void {
  const place: number[] = [];
  const note = (row: readonly number[]): void => row.forEach((id, i) => (place[id] = i));
  rows.forEach(note);
  // Every node has a neighbour: what no gradient reaches is not in the graph.
  const mean = (id: number): number => neighbours[id]!.reduce((sum, other) => sum + place[other]!, 0) / neighbours[id]!.length;
  for (let sweep = 0; sweep < 4; sweep++)
    for (const row of rows) {
      row.sort((a, b) => mean(a) - mean(b));
      note(row);
    }
}

/** The graph as a standalone SVG document; each box carries a title with what it saved. Errors: as graphOf. */
export function toSvg(tensors: Tensor | readonly Tensor[], options: GraphOptions = {}): string {
  takes("toSvg", arguments, 2);
  const { nodes, edges } = graphOf(tensors, options);
  const neighbours = nodes.map((): number[] => []);
  // Rows by the longest distance from an output; edges come in the order of the nodes, which is topological.
  const depth = nodes.map(() => 0);
  for (const { from, to } of edges) {
    neighbours[to]!.push(from);
    neighbours[from]!.push(to);
    depth[to] = Math.max(depth[to]!, depth[from]! + 1);
  }
  const rows: number[][] = [];
  depth.forEach((d, id) => (rows[d] ??= []).push(id));
  order(rows, neighbours);
  const widths = nodes.map((n) => Math.max(n.label.length, show(n.shape).length) * 7 + 20);
  const widthOf = (row: readonly number[]): number => row.reduce((sum, id) => sum + widths[id]! + gap, gap);
  const width = Math.max(...rows.map(widthOf));
  /** Middle and top of each box. */
  const at: [x: number, y: number][] = [];
  rows.forEach((row, r) => {
    let x = (width - widthOf(row)) / 2 + gap;
    for (const id of row) {
      at[id] = [x + widths[id]! / 2, gap + r * pitch];
      x += widths[id]! + gap;
    }
  });
  const arrows = edges.map(({ from, to }) => {
    const [[x1, top], [x2, y2]] = [at[from]!, at[to]!];
    const y1 = top + height;
    const middle = (y1 + y2) / 2;
    return `<path d="M${x1} ${y1}C${x1} ${middle} ${x2} ${middle} ${x2} ${y2}m-3-6l3 6 3-6"/>`;
  });
  const boxes = nodes.map((n) => {
    const [[x, y], w] = [at[n.id]!, widths[n.id]!];
    const text = [n.label, show(n.shape)].map((s, i) => `<text x="${x}" y="${y + 18 + 15 * i}">${escape(s)}</text>`);
    return `<g><title>${escape(linesOf(n))}</title><rect x="${x - w / 2}" y="${y}" width="${w}" height="${height}" rx="${n.kind === "operator" ? 5 : 21}" fill="${colours[n.kind]}" stroke="#777"/>${text.join("")}</g>`;
  });
  const bottom = rows.length * pitch + gap;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${bottom}" width="${width}" height="${bottom}" style="font:12px sans-serif;text-anchor:middle"><g fill="none" stroke="#777">${arrows.join("")}</g>${boxes.join("")}</svg>\n`;
}
