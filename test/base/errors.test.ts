// under(op, fn): whose name an error carries.
import { expect, test } from "vitest";
import { ArgumentError, ShapeError, under } from "../../src/base/errors.ts";

test("under names what runs innermost, also after something inside has thrown", () => {
  under("outer", () => {
    expect(() => under("inner", () => { throw new ShapeError("no"); })).toThrow("inner: no"); // prettier-ignore
    expect(new ShapeError("no", "try again").message).toBe("outer: no (try again)");
  });
});

test("an error far from a call brings its own name, and no remedy is undefined", () => {
  const error = under("outer", () => new ArgumentError("no", "", "elsewhere"));
  expect([error.op, error.what, error.remedy, error.message]).toEqual(["elsewhere", "no", undefined, "elsewhere: no"]);
});
