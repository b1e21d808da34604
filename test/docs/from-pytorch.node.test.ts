// docs/from-pytorch.md against the library: what it says is here is, and what is here it does not deny.
import { describe, expect, test } from "vitest";
import * as wengert from "../../src/index.ts";
import { readText } from "../setup/source.ts";

interface Row {
  readonly space: string;
  /** Names of PyTorch; several share a row when none of them is here. */
  readonly names: readonly string[];
  readonly here: readonly string[];
  /** What the row says where nothing is here. */
  readonly reason: string;
}
const ticked = (text: string): string[] => [...text.matchAll(/`([^`]+)`/g)].map(([, inner]) => inner!);

const rows = readText("docs/from-pytorch.md")
  .split(/^## /m)
  .slice(1)
  .flatMap((section): Row[] => {
    const space = section.split("\n")[0]!;
    return [...section.matchAll(/^\| (`.*?) \| (.*) \|$/gm)].map(([, names, here]) => ({
      space,
      names: ticked(names!),
      here: here!.startsWith("–") ? [] : ticked(here!),
      reason: /^– (.*)/.exec(here!)?.[1] ?? "",
    }));
  });

/** What a path such as `nn.Conv2d`, `x.add()` or `Generator.getState` leads to. */
function resolve(path: string): unknown {
  const x = wengert.ones(2);
  const method = /^x\.(\w+)(\(\))?$/.exec(path);
  if (method) return method[2] ? (x as unknown as Record<string, unknown>)[method[1]!] : method[1]! in x;
  let value: unknown = wengert;
  for (const step of path.split(".")) {
    const holder = value as Record<string, unknown> & { readonly prototype?: Record<string, unknown> };
    value = holder?.[step] ?? Object.getOwnPropertyDescriptor(holder?.prototype ?? {}, step)?.value;
  }
  return value;
}

describe("docs/from-pytorch.md", () => {
  test("has every namespace and no name twice", () => {
    expect(new Set(rows.map(({ space }) => space)).size).toBe(12);
    const names = rows.flatMap(({ space, names: all }) => all.map((name) => `${space}.${name}`));
    expect(names.length).toBeGreaterThan(2000);
    expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
  });

  test("what it names exists", () => {
    // The reference links types for what only the compiler sees.
    const types = new Set(["data.Dataset", "data.Sampler"]);
    const paths = new Set(rows.flatMap(({ here }) => here).filter((path) => !path.startsWith('"') && !types.has(path)));
    expect(paths.size).toBeGreaterThan(400);
    expect([...paths].filter((path) => resolve(path) === undefined || resolve(path) === false)).toEqual([]);
  });

  test("a function and the method of its name are missing for one reason", () => {
    const reasons = (space: string): Map<string, string> =>
      new Map(rows.filter((row) => row.space === space && row.reason).flatMap(({ names, reason }) => names.map((name) => [name, reason])));
    const [functions, methods] = [reasons("torch"), reasons("torch.Tensor")];
    const both = [...methods.keys()].filter((name) => functions.has(name));
    expect(both.length).toBeGreaterThan(50);
    expect(both.filter((name) => methods.get(name) !== functions.get(name))).toEqual([]);
  });

  test("what is here under PyTorch's name has a row that says so", () => {
    const spaces: Record<string, object> = {
      torch: wengert,
      "torch.nn": wengert.nn,
      "torch.nn.init": wengert.nn.init,
      "torch.nn.utils": wengert.nn.utils,
      "torch.optim": wengert.optim,
      "torch.optim.lr_scheduler": wengert.optim.lrScheduler,
      "torch.utils.data": wengert.data,
    };
    const camel = (name: string): string => name.replace(/_([a-z])/g, (_, c: string) => c.toUpperCase());
    const denied = rows
      .filter(({ space, here }) => space in spaces && here.length === 0)
      .flatMap(({ space, names }) => names.filter((name) => Object.hasOwn(spaces[space]!, camel(name))).map((name) => `${space}.${name}`));
    expect(denied).toEqual([]);
    const said = (space: string, name: string): readonly string[] | undefined =>
      rows.find((row) => row.space === space && row.names.includes(name))?.here;
    expect(said("torch.nn.functional", "max_pool2d")).toEqual(["nn.functional.maxPool2d"]);
    expect(said("torch.Tensor", "add_")).toEqual(["x.add_()"]);
    expect(said("torch", "arccos")).toEqual(["arccos"]);
    expect(said("torch", "int64")).toEqual(['"int64"']);
    expect(said("torch", "quantize_per_tensor")).toEqual([]);
  });
});
