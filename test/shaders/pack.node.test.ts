// packShaders(shaders, typescript) and withoutErrorSamples(source): what a build inlines.
import { expect, test } from "vitest";
import { packShaders, withoutErrorSamples } from "../../shaders/pack.ts";

const pack = (shader: string, ...typescript: string[]): string => packShaders({ one: shader }, typescript)["one"] ?? "";

test("packShaders takes comments, blanks and binding numbers out", () => {
  const shader = `// a file
    @group(0) @binding(0) var<storage, read> x: array<vec4<f32>>; /* the input */
    const WG: u32 = 64u;
    @compute @workgroup_size(WG) fn main(@builtin(global_invocation_id) id: vec3<u32>) { }`;
  expect(pack(shader, `q.launch("main", { x }, { WG: 32 })`)).toBe(
    "var<storage,read>x:array<vec4f>;\nconst WG:u32=64u;\n@compute@workgroup_size(WG)fn main(@builtin(global_invocation_id)a:vec3u){}",
  );
});

test("packShaders shortens locals, and names that TypeScript never mentions, the same way everywhere", () => {
  const shader = `struct Pair { first: f32, second: f32 }
    fn doubled(value: f32) -> Pair { let twice = value + value; return Pair(value, twice); }
    fn entry(value: f32) -> f32 { let pair = doubled(value); return pair.second - -1.50 * 0.25; }`;
  const packed = pack(shader, `const name = "entry";`);
  expect(packed).not.toMatch(/doubled|value|twice|pair|second|Pair/);
  const [, struct, second] = /^struct (\w+)\{\w+:f32,(\w+):f32\}/.exec(packed)!;
  const doubled = new RegExp(`fn (\\w+)\\(a:f32\\)->${struct}\\{let b=a\\+a;return ${struct}\\(a,b\\);\\}`).exec(packed)![1];
  expect(packed).toContain(`fn entry(a:f32)->f32{let b=${doubled}(a);return b.${second}- -1.50*.25;}`);
});

test.each([
  ["a string", `link("needle")`],
  ["a word of a longer string", `f("a needle in hay")`],
  ["a key", `f({ needle: 1 })`],
  ["a member", `fns.needle = text;`],
  ["a template", "link(`nee${rest}`)"],
])("packShaders keeps a name that TypeScript mentions in %s", (_, typescript) => {
  expect(pack("fn needle() -> f32 { return 1.0; }", typescript)).toBe("fn needle()->f32{return 1.;}");
});

test.each([
  ["numbers", "shift12", "`${word}${i}`; f('shift')"],
  ["joined words", "load_vec4", "`${role}_${kind}`; f('load', 'vec4')"],
  ["joined word and number", "adam_2", "`${kind}_${n}`; f('adam')"],
])("packShaders keeps a name that TypeScript puts together from %s", (_, name, typescript) => {
  expect(pack(`fn ${name}() { }`, typescript)).toBe(`fn ${name}(){}`);
});

test("packShaders gives locals no name of the module", () => {
  const shader = "@group(0) @binding(0) var<storage> a: array<f32>; fn main() { let first = a[0]; let second = first; }";
  expect(pack(shader, `f("main", { a })`)).toContain("{let b=a[0];let c=b;}");
});

test("withoutErrorSamples takes the lists out and leaves the rest of a record", () => {
  const record = `export const neg: Op = { call: (x) => x, samples: [[t([2])]], errors: [raises([], "no, [x]")], self: 0 };`;
  expect(withoutErrorSamples(record)).toBe("export const neg: Op = { call: (x) => x, samples: [[t([2])]],  self: 0 };");
});
