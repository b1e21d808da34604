// Puts operators on Tensor.prototype, with their in-place forms, and into the table of functions.
import { DtypeError } from "../base/errors.ts";
import { forbid, snake } from "../base/python.ts";
import { entry, exactly } from "../base/reading.ts";
import { eachOperator } from "../ops/install.ts";
import type { Functions } from "../ops/methods.ts";
import { isView } from "../ops/op.ts";
import { apply, applyInPlace, register } from "./dispatch.ts";
import { Tensor } from "./tensor.ts";

const table: Record<string, (...args: unknown[]) => unknown> = {};
/** Every operator as a function, once a kit has brought it. */
export const functions = table as unknown as Functions;

const define = (name: string | symbol, value: (this: Tensor, ...rest: unknown[]) => unknown): void => {
  Object.defineProperty(Tensor.prototype, name, { value, writable: true, configurable: true });
};

eachOperator((name, op) => {
  register(name, op);
  table[name] = (...args) => apply(op, args);
  const at = op.self ?? 0;
  if (at < 0) return;
  define(name, function (...rest) {
    return apply(op, rest.toSpliced(at, 0, this));
  });
  if (!isView(op) && op.inplace)
    define(`${name}_`, function (...rest) {
      return applyInPlace(op, rest.toSpliced(at, 0, this));
    });
});

type Extra = (x: Tensor, ...rest: never[]) => unknown;

/** Installs methods that are no operators: functions of a tensor, by name. */
export function extend(methods: Readonly<Record<string | symbol, Extra>>): void {
  for (const name of Reflect.ownKeys(methods))
    define(name, function (...rest) {
      return entry(String(name), rest, Infinity, () => methods[name]!(this, ...(rest as never[])));
    });
}

/** Installs properties that are worked out when they are read. */
export function properties(getters: Readonly<Record<string, (x: Tensor) => unknown>>): void {
  for (const [name, get] of Object.entries(getters))
    Object.defineProperty(Tensor.prototype, name, {
      get(this: Tensor) {
        return entry(name, [], 0, () => get(this));
      },
      configurable: true,
    });
}

// What JavaScript makes of an object by itself: text in templates is right, the NaN of arithmetic and the false of a comparison are not.
define(Symbol.toPrimitive, function (hint) {
  if (hint === "string") return this.toString();
  throw new DtypeError("a tensor is no number", "await item() for its value, add(), lt() and the like to compute with it", "tensor");
});
// Values on the GPU take a wait.
define("toJSON", () => {
  throw new DtypeError("a tensor is no JSON", "await tolist(), or saveSafetensors()", "tensor");
});
for (const name of ["requiresGrad", "gradFn", "isLeaf"])
  forbid(Tensor.prototype, [snake(name), name.toLowerCase()], `write ${name}`, "tensor");

// Operators refuse surplus arguments by themselves (dispatch.ts).
exactly(
  Tensor.prototype,
  "dim",
  "numel",
  "isContiguous",
  "detach",
  "retainGrad",
  "registerHook",
  "array",
  "item",
  "tolist",
  "cpu",
  "double",
  "zero_",
  "dispose",
);
