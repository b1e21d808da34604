// The autograd graph as SVG: a layered drawing in plain text, without a layout library. Use toDot with Graphviz for finer layouts.
import { show } from "../base/errors.ts";
import type { Tensor } from "../tensor.ts";
import { colours, graphOf, type GraphOptions, linesOf } from "./graph.ts";

const gap = 26;
const height = 42;
const pitch = height + 44;

const escape = (text: string): string => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
type Neighbours = readonly (readonly number[])[];

/** Rows by the longest distance from an output: a node lies below everything that sends it a gradient. */
function layered(above: Neighbours, below: Neighbours): number[][] {
  const depth = above.map(() => 0);
  const missing = above.map((list) => list.length);
  const ready = [...above.keys()].filter((id) => missing[id] === 0);
  // The list grows while it is walked.
  for (const id of ready)
    for (const to of below[id]!) {
      depth[to] = Math.max(depth[to]!, depth[id]! + 1);
      if (--missing[to]! === 0) ready.push(to);
    }
  const rows: number[][] = [];
  depth.forEach((d, id) => (rows[d] ??= []).push(id));
  return rows;
}

/** Orders each layer by the mean place of its neighbours, a few sweeps down and up. Source: the barycentre heuristic of Sugiyama et al. (1981). */
function order(rows: number[][], above: Neighbours, below: Neighbours): void {
  const place: number[] = [];
  const note = (row: readonly number[]): void => row.forEach((id, i) => (place[id] = i));
  rows.forEach(note);
  for (let sweep = 0; sweep < 4; sweep++)
    for (const row of sweep % 2 === 0 ? rows : rows.toReversed()) {
      const mean = row.map((id) => {
        const near = (sweep % 2 === 0 ? above : below)[id]!;
        return near.length === 0 ? place[id]! : near.reduce((sum, other) => sum + place[other]!, 0) / near.length;
      });
      row.sort((a, b) => mean[place[a]!]! - mean[place[b]!]!);
      note(row);
    }
}

/** The graph as a standalone SVG document; each box carries a title with what it saved. Errors: as graphOf. */
export function toSvg(tensors: Tensor | readonly Tensor[], options: GraphOptions = {}): string {
  const { nodes, edges } = graphOf(tensors, options);
  const [above, below] = [nodes.map((): number[] => []), nodes.map((): number[] => [])];
  for (const { from, to } of edges) {
    above[to]!.push(from);
    below[from]!.push(to);
  }
  const rows = layered(above, below);
  order(rows, above, below);
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
    const bend = (y2 - y1) / 2;
    return `<path d="M${x1} ${y1}C${x1} ${y1 + bend} ${x2} ${y2 - bend} ${x2} ${y2 - 2}" fill="none" stroke="#777" marker-end="url(#arrow)"/>`;
  });
  const boxes = nodes.map((n) => {
    const [[x, y], [fill, stroke]] = [at[n.id]!, colours[n.kind]];
    const text = [n.label, show(n.shape)].map((s, i) => `<text x="${x}" y="${y + 18 + 15 * i}" text-anchor="middle">${escape(s)}</text>`);
    return `<g><title>${escape(linesOf(n))}</title><rect x="${x - widths[n.id]! / 2}" y="${y}" width="${widths[n.id]}" height="${height}" rx="${n.kind === "operator" ? 5 : height / 2}" fill="${fill}" stroke="${stroke}"/>${text.join("")}</g>`;
  });
  const bottom = rows.length * pitch + gap;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${bottom}" width="${width}" height="${bottom}" font-family="Helvetica, Arial, sans-serif" font-size="12" fill="#1a1a1a"><defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="#777"/></marker></defs>${[...arrows, ...boxes].join("")}</svg>\n`;
}
