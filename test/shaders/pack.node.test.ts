// packShaders(shaders) and withoutErrorSamples(source): what a build inlines.
import { expect, test } from "vitest";
import { packShaders, withoutErrorSamples } from "../../shaders/pack.ts";

const pack = (shader: string): string => packShaders({ one: shader })["one"] ?? "";

test("packShaders takes comments, blanks and binding numbers out", () => {
  const shader = `// a file
    @group(0) @binding(0) var<storage, read> x: array<vec4<f32>>; /* the input */
    const WG: u32 = 64u;
    @compute @workgroup_size(WG) fn main(@builtin(global_invocation_id) id: vec3<u32>) { }`;
  expect(pack(shader)).toBe(
    "var<storage,read>x:array<vec4f>;\nconst WG:u32=64u;\n@compute@workgroup_size(WG)fn main(@builtin(global_invocation_id)a:vec3u){}",
  );
});

test("packShaders shortens locals and parameters, and leaves declarations and fields their names", () => {
  const shader = `struct Pair { first: f32, second: f32 }
    fn doubled(value: f32) -> Pair { let twice = value + value; return Pair(value, twice); }
    fn entry(value: f32) -> f32 { let pair = doubled(value); return pair.second - -1.50 * 0.25; }`;
  expect(pack(shader)).toBe(
    "struct Pair{first:f32,second:f32}\nfn doubled(a:f32)->Pair{let b=a+a;return Pair(a,b);}\n" +
      "fn entry(a:f32)->f32{let b=doubled(a);return b.second- -1.50*.25;}",
  );
});

test("packShaders gives locals no name of the module", () => {
  const shader = "@group(0) @binding(0) var<storage> a: array<f32>; fn main() { let first = a[0]; let second = first; }";
  expect(pack(shader)).toContain("{let b=a[0];let c=b;}");
});

test("withoutErrorSamples takes the lists out and leaves the rest of a record", () => {
  const record = `export const neg: Op = { call: (x) => x, samples: [[t([2])]], errors: [raises([], "no, [x]")], self: 0 };`;
  expect(withoutErrorSamples(record)).toBe("export const neg: Op = { call: (x) => x, samples: [[t([2])]],  self: 0 };");
});
