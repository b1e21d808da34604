// The linker: replacement by name, reach, bindings, parameters, workgroup sizes, errors.
import { describe, expect, it } from "vitest";
import { DeviceError } from "../../src/base/errors.ts";
import { declarations, link } from "../../src/device/webgpu/linker.ts";

const source = `
// A comment with fn ghost() {} and var<storage> words.
const TILE: u32 = 8u;
const WG: u32 = TILE * 8u;
alias Scalar = f32;
struct Params { size: u32, scale: f32 } /* block; comment */
struct Unused { x: u32 }
@group(0) @binding(7) var<uniform> params: Params;
@group(0) @binding(3) var<storage, read> x: array<Scalar>;
@group(0) @binding(4) var<storage, read> y: array<Scalar>;
@group(0) @binding(5) var<storage, read_write> out: array<Scalar>;
fn epilogue(v: Scalar) -> Scalar { return v; }
fn helper(v: Scalar) -> Scalar { return v * y[0]; }
@compute @workgroup_size(WG)
fn scale(@builtin(global_invocation_id) gid: vec3u) {
  out[gid.x] = epilogue(x[gid.x] * params.scale);
}
`;

describe("link(sources, entry, spec)", () => {
  it("keeps what the entry reaches and renumbers bindings in order of declaration", () => {
    const { code, bindings, params, workgroup, uniform } = link([source], "scale");
    expect(bindings).toEqual([
      { name: "x", write: false, element: undefined },
      { name: "out", write: true, element: undefined },
    ]);
    expect(code).toContain("@group(0) @binding(0) var<storage, read> x");
    expect(code).toContain("@group(0) @binding(1) var<storage, read_write> out");
    expect(code).toContain("@group(0) @binding(2) var<uniform> params");
    expect(code).not.toMatch(/helper|Unused|ghost| y:/);
    expect(params).toEqual([
      { name: "size", type: "u32" },
      { name: "scale", type: "f32" },
    ]);
    expect(workgroup).toBe(64);
    expect(uniform).toBe(true);
  });

  it("turns parameters into immediates when they fit", () => {
    expect(link([source], "scale", {}, 64).code).toContain("var<immediate> params");
    expect(link([source], "scale", {}, 4).code).toContain("var<uniform> params");
  });

  it("replaces constants, aliases and functions by name", () => {
    const { code, workgroup, bindings } = link([source], "scale", {
      TILE: 4,
      Scalar: "i32",
      epilogue: "fn epilogue(v: Scalar) -> Scalar { return helper(v); }",
    });
    expect(code).toContain("const TILE: u32 = 4;");
    expect(code).toContain("alias Scalar = i32;");
    expect(workgroup).toBe(32);
    expect(bindings.map((b) => b.name)).toEqual(["x", "y", "out"]);
  });

  it("lets a function stand in for another of the same file", () => {
    const { code, bindings } = link([source], "scale", { epilogue: "helper" });
    expect(code).toContain("fn epilogue(v: Scalar) -> Scalar { return v * y[0]; }");
    expect(code).not.toContain("helper");
    expect(bindings.map((b) => b.name)).toEqual(["x", "y", "out"]);
  });

  it("takes later sources as libraries that do not override earlier ones", () => {
    const { code } = link([source, "fn epilogue(v: f32) -> f32 { return 0.0; }"], "scale");
    expect(code).toContain("return v;");
  });

  it("does not mistake member names for declarations", () => {
    const member = `struct P { x: u32 }\n@group(0) @binding(0) var<uniform> p: P;\n@group(0) @binding(1) var<storage, read> x: array<f32>;\n@group(0) @binding(2) var<storage, read_write> out: array<u32>;\n@compute @workgroup_size(1) fn main(@builtin(global_invocation_id) gid: vec3u) { out[gid.x] = p.x; }`;
    expect(link([member], "main").bindings.map((b) => b.name)).toEqual(["out"]);
  });

  it("names what is missing", () => {
    expect(() => link([source], "nowhere")).toThrow(DeviceError);
    expect(() => link([source], "scale", { SIZE: 1 })).toThrow(/no declaration SIZE/);
    expect(() => link([source], "scale", { prologue: "fn prologue() {}" })).toThrow(/no declaration prologue/);
  });

  it("cuts a file into declarations with their kinds", () => {
    expect(declarations(source).map((d) => d.kind)).toEqual([
      "const",
      "const",
      "alias",
      "struct",
      "struct",
      "var",
      "var",
      "var",
      "var",
      "fn",
      "fn",
      "fn",
    ]);
  });
});
