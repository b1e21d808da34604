// Everything that can be imported: each value once, in the namespace where PyTorch's user looks for it, and the types.
import * as wengert from "../../src/index.ts";
import { records } from "../../src/ops/install.ts";
import { functions } from "../../src/tensor/methods.ts";
import { type Place, placeOf } from "./chapters.ts";
import type { Compiler, Declared, Type } from "./compiler.ts";
import { anchor, type Entity, isClass } from "./entries.ts";

/** The operators that users call. */
export const operators: Readonly<typeof records> = Object.fromEntries(Object.entries(records).filter(([, op]) => !op.internal));

/** A value with the page that describes it. */
export interface Placed extends Place {
  readonly entity: Entity;
  /** Relative to docs/reference/. */
  readonly link: string;
}
export interface Catalog {
  /** By operator name, or by path for everything else. */
  readonly values: ReadonlyMap<string, Placed>;
  readonly types: readonly Entity[];
  /** Declarations of all operators, those that only the library calls too. */
  readonly recorded: ReadonlyMap<string, Declared>;
  /** What instances of the classes are, by name. */
  readonly classes: ReadonlyMap<string, Type>;
}

type Table = Readonly<Record<string, unknown>>;
type Found = Entity & { readonly key: string; readonly place: Place };

const nameOf = (value: unknown): string | undefined => Object.entries(functions).find(([, fn]) => fn === value)?.[0];

/** Reads all export lists first: what is exported needs no expansion in types, wherever it is met. */
function entries(compiler: Compiler): Map<string, Declared> {
  const visit = (symbols: ReadonlyMap<string, Declared>): void => {
    for (const symbol of symbols.values()) {
      const inner = compiler.membersOfNamespace(symbol);
      if (inner) visit(inner);
    }
  };
  const index = compiler.exportsOf("src/index.ts");
  visit(index);
  return index;
}

export function catalogue(compiler: Compiler): Catalog {
  const index = entries(compiler);
  const values: Found[] = [];
  const types: Entity[] = [];
  const seen = new Set<unknown>();
  const table = compiler.declaredType(compiler.exportsOf("src/ops/methods.ts").get("Functions")!);
  const recorded = new Map(compiler.properties(table).map((p) => [p.name, p.symbol]));
  const functional: Table = wengert.nn.functional;
  /** Operators that a namespace of ours exports under a name of its own. */
  const homes = new Map<string, string>();

  const addOperator = (name: string): void => {
    const value = (functions as unknown as Table)[name];
    const shared = functional[name] === value;
    const place = placeOf("", name, "src/ops/", shared);
    // Functions that PyTorch has in nn.functional alone are called so here too, and its methods as methods.
    const usual = place.file === "nn-functional" ? `nn.functional.${name}` : place.file === "tensor" ? `.${name}` : name;
    const path = homes.get(name) ?? usual;
    values.push({ namespace: "", name, symbol: recorded.get(name)!, value, op: operators[name]!, path, key: name, place });
  };
  const walk = (symbols: ReadonlyMap<string, Declared>, namespace: string, holder: Table): void => {
    for (const [name, symbol] of symbols) {
      const path = namespace === "" ? name : `${namespace}.${name}`;
      const value = holder[name];
      const inner = compiler.membersOfNamespace(symbol);
      const operator = nameOf(value);
      if (inner) walk(inner, path, value as Table);
      else if (value === undefined) types.push({ namespace, name, symbol, value, path: name });
      else if (operator !== undefined && namespace === "nn.functional") {
        // Those that everybody calls so are described with the root's; what the library calls im2col is PyTorch's unfold.
        const place = placeOf(namespace, name, "");
        if (!Object.hasOwn(operators, operator))
          values.push({ namespace, name, symbol, value, op: records[operator]!, path, key: path, place });
      } else if (operator !== undefined && namespace !== "") homes.set(operator, path);
      else if (operator !== undefined) addOperator(operator);
      else if (!seen.has(value) || namespace === "") {
        // What the root has too is described there.
        if (seen.has(value))
          values.splice(
            values.findIndex((v) => v.value === value),
            1,
          );
        values.push({ namespace, name, symbol, value, path, key: path, place: placeOf(namespace, name, compiler.fileOf(symbol)) });
      }
      seen.add(value);
    }
  };
  // The schedules before optim, which has their names too; rooms before the root.
  walk(new Map([...compiler.exportsOf("src/optim/index.ts")].filter(([name]) => name === "lrScheduler")), "optim", wengert.optim);
  const rooms = [...index].filter(([, symbol]) => compiler.membersOfNamespace(symbol));
  walk(new Map([...rooms, ...index]), "", wengert as unknown as Table);
  const classes = values.filter((v) => isClass(compiler, v)).map((v) => [v.name, compiler.instanceOf(v.symbol)] as const);
  const placed = values.map((entity): [string, Placed] => {
    const { file, rank } = entity.place;
    return [entity.key, { file, rank, entity, link: `${file}.md#${anchor(entity.path)}` }];
  });
  const known = new Set(values.map(({ symbol }) => symbol));
  const first = new Map(types.filter(({ symbol }) => !known.has(symbol)).map((t) => [t.name, t]));
  return { values: new Map(placed), types: [...first.values()], recorded, classes: new Map(classes) };
}
