// The DOT text, read by Graphviz itself: what no parser has read may be anything.
import { instance } from "@viz-js/viz";
import { beforeAll, expect, it } from "vitest";
import { buildModel } from "../../demo/mnist/models.ts";
import { graphOf, toDot } from "../../src/inspect/index.ts";
import { init, nn, randn, tensor, type Tensor } from "../../src/index.ts";

interface Drawing {
  readonly objects: readonly { readonly name: string; readonly label: string; readonly shape: string }[];
  readonly edges: readonly { readonly tail: number; readonly head: number; readonly label: string }[];
}

beforeAll(() => init({ device: "cpu" }));

async function draw(dot: string): Promise<Drawing> {
  const viz = await instance();
  const { status, errors, output } = viz.render(dot, { format: "json0" });
  // This build of Graphviz has widths for ASCII only, and says so.
  const complaints = errors.filter(({ message }) => !message.includes("no value for width of non-ASCII character"));
  expect({ status, complaints }).toEqual({ status: "success", complaints: [] });
  return JSON.parse(output!) as Drawing;
}

const show = (shape: readonly number[]): string => `[${shape.join(", ")}]`;

it("draws a network's step with every node and edge of the graph", async () => {
  const model = buildModel("bnnet");
  const logits = model.call(randn([2, 1, 28, 28])) as Tensor;
  const loss = nn.functional.crossEntropy(logits, tensor(Int32Array.of(3, 7)));
  const params = [...model.namedParameters()];
  const graph = graphOf(loss, { params });
  const drawing = await draw(toDot(loss, { params, saved: false }));
  expect(graph.nodes.length).toBeGreaterThan(15);
  expect(drawing.objects.map(({ label }) => label)).toEqual(graph.nodes.map((n) => `${n.label}\\n${show(n.shape)}`));
  expect(drawing.objects.map(({ shape }) => shape)).toEqual(graph.nodes.map((n) => (n.kind === "operator" ? "box" : "ellipse")));
  const ends = drawing.edges.map(({ tail, head, label }) => ({ from: tail, to: head, label }));
  expect(new Set(ends.map((e) => JSON.stringify(e)))).toEqual(
    new Set(graph.edges.map(({ from, to, label }) => JSON.stringify({ from, to, label }))),
  );
  expect(ends).toHaveLength(graph.edges.length);
  const saved = await draw(toDot(loss, { params }));
  expect(saved.objects.some(({ label }) => label.includes("\\nsaved "))).toBe(true);
});

it.each([
  ['say "yes"', 'say "yes"'],
  ["back\\slash", "back\\\\slash"],
  ["ends in \\", "ends in \\\\"],
  ["<b>bold</b> & {a|b}", "<b>bold</b> & {a|b}"],
  ["größer → 数", "größer → 数"],
  ["two\nlines", "two\\nlines"],
  ["tab\tbell\u0007", "tab bell "],
  ["}; digraph {", "}; digraph {"],
])("draws a leaf called %j", async (name, label) => {
  const x = tensor([1, 2], { requiresGrad: true });
  const { objects } = await draw(toDot(x.mul(2).sum(), { params: { [name]: x } }));
  expect(objects.map((o) => o.label)).toContain(`${label}\\n[2]`);
});
