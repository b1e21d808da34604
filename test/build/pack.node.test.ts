// packShaders(shaders), withoutTests(source) and pack(), which does both in a build: what a build inlines.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { packShaders, withoutTests } from "../../build/pack.ts";
import { pack as plugin } from "../../build/plugin.ts";
import { root } from "../setup/source.ts";

const pack = (shader: string): string => packShaders({ one: shader })["one"] ?? "";

test("packShaders takes comments, blanks and binding numbers out", () => {
  const shader = `// a file
    @group(0) @binding(0) var<storage, read> x: array<vec4<f32>>; /* the input */
    const WG: u32 = 64u;
    @compute @workgroup_size(WG) fn main(@builtin(global_invocation_id) id: vec3<u32>) { }`;
  expect(pack(shader)).toBe(
    "var<storage>x:array<vec4f>;const WG:u32=64u;@compute@workgroup_size(WG)fn main(@builtin(global_invocation_id)r:vec3u){}",
  );
});

test("packShaders shortens locals and parameters, and leaves declarations and fields their names", () => {
  const shader = `struct Pair { first: f32, second: f32 }
    fn doubled(value: f32) -> Pair { let twice = value + value; return Pair(value + twice, twice); }
    fn entry(value: f32) -> f32 { var pair = doubled(value); return pair.second - -1.50 * 0.25; }`;
  expect(pack(shader)).toBe(
    "struct Pair{first:f32,second:f32}fn doubled(r:f32)->Pair{let e=r+r;return Pair(r+e,e);}" +
      "fn entry(r:f32)->f32{var e=doubled(r);return e.second- -1.50*.25;}",
  );
});

test("packShaders leaves hexadecimal numbers with an exponent whole, whatever locals are called", () => {
  expect(pack("fn f(p: f32) -> f32 { return p * 0x1p-26 * (p - 0x1.8p+3f); }")).toBe("fn f(r:f32)->f32{return r*0x1p-26*(r-0x1.8p+3f);}");
});

test("packShaders gives locals no name that their function asks the module for", () => {
  const shader = "@group(0) @binding(0) var<storage> r: array<f32>; fn main() { var first = r[0]; var second = first; }";
  expect(pack(shader)).toContain("{var e=r[0];var i=e;}");
});

test("packShaders leaves types out of numbers that are joined with something typed", () => {
  const body = (text: string): string => /{(.*)}/.exec(pack(`fn main(a: u32) { ${text} }`))![1]!;
  expect(body("return a * 4u + (3u - a) / 0x10u;")).toBe("return r*4+(3-r)/0x10;");
  expect(body("return vec4f(0.0, 2.0 * f32(a), 0.5, 1.0);")).toBe("return vec4f(0,2*f32(r),.5,1);");
  // These are what gives the type.
  expect(body("var b = 4u; b = 1u << a; return max(0u, 2u);")).toBe("var e=4u;e=1u<<r;return max(0u,2u);");
});

test("packShaders writes a value where the next statement reads it, if nothing else does", () => {
  const body = (text: string): string => /{(.*)}/.exec(pack(`fn main(a: f32) { ${text} }`))![1]!;
  expect(body("let b = a + a; return sqrt(b);")).toBe("return sqrt(r+r);");
  expect(body("let b = a + a; return b * a;")).toBe("return(r+r)*r;");
  expect(body("let b = a + a; let c = sqrt(b); if (c > a) { return c; } return a;")).toBe("let e=sqrt(r+r);if(e>r){return e;}return r;");
  const kept = [
    "let b = a + a; return b * b;",
    "let b = a + a; a = 2.5; return b;",
    "let b = a + a; while (a < b) { }",
    "let b = 7u; return f32(b);",
  ];
  for (const text of kept) expect(body(text)).toContain("let e=");
});

test("withoutTests takes calls that must fail and bounds of errors out and leaves the rest of a record", () => {
  const record = `export const neg: Op = { call: (x) => x, samples: [[t([2])], [x, 1]], errors: [raises([], "no, [x]")], self: 0 };`;
  expect(withoutTests(record)).toBe("export const neg: Op = { call: (x) => x, samples: [[t([2])], [x, 1]],  self: 0 };");
  expect(withoutTests("real(f, { ulp: 1.6, cancels: true, range })")).toBe("real(f, {   range })");
  expect(withoutTests("const sum = { errors: errorsOf(x), ...more };")).toBe("const sum = { errors: errorsOf(x), ...more };");
});

test.each(readdirSync(join(root, "shaders")))("pack() inlines %s packed", (file) => {
  const path = join(root, "shaders", file);
  const load = plugin().load as unknown as (id: string) => { readonly code: string } | null;
  const text = JSON.parse(load(`${path}?raw`)!.code.replace(/^export default |;$/g, "")) as string;
  expect(text).not.toMatch(/\/\/|\n| {2}/);
  expect(text.length).toBeLessThan(0.8 * readFileSync(path, "utf8").length);
});
