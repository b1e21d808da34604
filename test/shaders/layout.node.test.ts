// withRecordsInPlace(code) and withPlainExports(code): how the single file is laid out.
import { expect, test } from "vitest";
import { withPlainExports, withRecordsInPlace } from "../../shaders/layout.ts";

test("withRecordsInPlace writes a record where its family is installed, unless something else mentions it", () => {
  const code = [
    "var signs = __exportAll({",
    "\tabs: () => abs$1,",
    "\tneg: () => neg",
    "});",
    "var neg = unary((x) => -x, { abs: 1 });",
    "var abs$1 = { compose: (x) => x.abs$1, samples: neg.samples };",
    "install(signs);",
  ].join("\n");
  const packed = withRecordsInPlace(code).toString();
  expect(packed.replaceAll(/\s+/g, " ")).toBe(
    " var neg = unary((x) => -x, { abs: 1 }); install({ abs: { compose: (x) => x.abs$1, samples: neg.samples }, neg: neg });",
  );
  expect(withRecordsInPlace("var a = 1;\nexport { a };").toString()).toBe("var a = 1;\nexport { a };");
});

test("withPlainExports says a function's name once, unless its variable is needed or the name could be a minifier's", () => {
  const table = "var g=h(),{abs:ax,add:ay,mm:az,neg:aw}=g";
  expect(withPlainExports(`${table};export{ax as abs,ay as plus,az as mm,aw as neg,g as table};//# map`)).toBe(
    "var g=h(),{add:ay,mm:az}=g;export const{abs,neg}=g;export{ay as plus,az as mm,g as table};//# map",
  );
  for (const same of ["var g=h(ax),{abs:ax}=g;export{ax as abs};", "export{a as b};", "var a=1;"])
    expect(withPlainExports(same)).toBe(same);
});
