// Containers: order, keys, members that come and go, and how they print, as in PyTorch 1.13.
import { describe, expect, expectTypeOf, it } from "vitest";
import { ArgumentError } from "../../src/base/errors.ts";
import * as nn from "../../src/nn/index.ts";
import { tensor, zeros } from "../../src/tensor/create.ts";

const kinds = (modules: Iterable<nn.Module>): string[] => Array.from(modules, (m) => m.constructor.name);
const keys = (module: nn.Module): string[] => Object.keys(module.stateDict());
const named = (module: nn.Module): string[] => Array.from(module.namedChildren(), ([name]) => name);

describe("Sequential and ModuleList", () => {
  const made = {
    Sequential: () => new nn.Sequential(new nn.ReLU(), new nn.Tanh(), new nn.Linear(1, 1)),
    ModuleList: () => new nn.ModuleList<nn.Module>([new nn.ReLU(), new nn.Tanh(), new nn.Linear(1, 1)]),
  };
  it.each(["Sequential", "ModuleList"] as const)("%s takes modules in and out, and numbers them anew", (kind) => {
    const list = made[kind]();
    list.insert(1, new nn.SELU()).insert(-1, new nn.Mish()).insert(5, new nn.GELU());
    expect(kinds(list)).toEqual(["ReLU", "SELU", "Tanh", "Mish", "Linear", "GELU"]);
    expect(named(list)).toEqual(["0", "1", "2", "3", "4", "5"]);
    expect(keys(list)).toEqual(["4.weight", "4.bias"]);
    expect([list.pop(0), list.pop(), list.pop({ index: -2 })].map((m) => m.constructor.name)).toEqual(["ReLU", "GELU", "Mish"]);
    expect(kinds(list)).toEqual(["SELU", "Tanh", "Linear"]);
    expect(keys(list)).toEqual(["2.weight", "2.bias"]);
    const last = new nn.Linear(2, 2, false);
    expect(list.set(-1, last).at(2)).toBe(last);
    expect(keys(list)).toEqual(["2.weight"]);
    expect(kinds(list.extend([new nn.ELU()]).slice(1))).toEqual(["Tanh", "Linear", "ELU"]);
    for (const call of [() => list.insert(9, last), () => list.pop(4), () => list.set(-5, last), () => list.pop(0.5)])
      expect(call).toThrow("is out of range for 4 members");
    expect(() => list.set(0, 3 as never)).toThrow("0 is number, not a Module");
    expect(() => list.insert(0, null as never)).toThrow(ArgumentError);
    expect(kinds(list)).toEqual(["SELU", "Tanh", "Linear", "ELU"]);
  });

  it("a slice of a Sequential keeps the names, of a ModuleList counts anew", () => {
    expect(String(made.Sequential().slice(1))).toBe(
      "Sequential(\n  (1): Tanh()\n  (2): Linear(in_features=1, out_features=1, bias=True)\n)",
    );
    expect(named(made.Sequential().slice(-2, -1))).toEqual(["1"]);
    expect(made.Sequential().slice(2, 2).length).toBe(0);
    expect(named(made.ModuleList().slice(1))).toEqual(["0", "1"]);
  });

  it("modules with names of their own are appended to, and numbered where one is taken out", () => {
    const make = (): nn.Sequential => new nn.Sequential({ first: new nn.ReLU(), second: new nn.Tanh() });
    expect(named(make().append(new nn.GELU()))).toEqual(["2", "first", "second"]);
    expect(() => make().insert(0, new nn.GELU())).toThrow("insert: the modules have names of their own (append())");
    const model = make();
    model.pop(0);
    expect(String(model)).toBe("Sequential(\n  (0): Tanh()\n)");
  });
});

describe("ModuleDict", () => {
  it("keeps the order in which modules came, whatever their keys", () => {
    const dict = new nn.ModuleDict([
      ["10", new nn.Linear(1, 1, false)],
      ["2", new nn.Linear(1, 1, false)],
    ]);
    dict.set("training", new nn.PReLU()).set("keys", new nn.ReLU());
    expect([...dict]).toEqual(["10", "2", "training", "keys"]);
    expect([keys(dict), named(dict)]).toEqual([
      ["10.weight", "2.weight", "training.weight"],
      ["10", "2", "training", "keys"],
    ]);
    dict.set("10", new nn.Tanh());
    expect([...dict.items()].map(([key, m]) => key + m.constructor.name)).toEqual(["10Tanh", "2Linear", "trainingPReLU", "keysReLU"]);
    expect([dict.length, dict.has("2"), dict.has("3"), dict.training]).toEqual([4, true, false, true]);
    const two = dict.get("2");
    expect(dict.pop("2")).toBe(two);
    expect([...dict.keys()]).toEqual(["10", "training", "keys"]);
    dict.update({ "2": two, a: new nn.ELU() });
    dict.update(new nn.ModuleDict(new Map([["b", new nn.ELU()]])));
    expect(kinds(dict.values())).toEqual(["Tanh", "PReLU", "ReLU", "Linear", "ELU", "ELU"]);
    dict.clear();
    expect([dict.length, keys(dict)]).toEqual([0, []]);
  });

  it("knows what stands under its keys", () => {
    const dict = new nn.ModuleDict({ fc: new nn.Linear(2, 3), act: new nn.ReLU() });
    expectTypeOf(dict.get("fc")).toEqualTypeOf<nn.Linear>();
    expectTypeOf(new nn.ModuleDict([["any", dict]]).get("any")).toEqualTypeOf<nn.Module>();
    expect(dict.get("fc").outFeatures).toBe(3);
    // @ts-expect-error there is no such key
    expect(() => dict.get("fd")).toThrow("get: there is no fd (known: fc, act)");
    // @ts-expect-error there is no such key
    expect(() => dict.pop("fd")).toThrow(ArgumentError);
  });

  it("is trained, moved, seen and printed with its owner", () => {
    class Net extends nn.Module {
      heads = new nn.ModuleDict({ b: new nn.ReLU(), a: new nn.Linear(1, 2) });
    }
    const net = new Net().eval().double();
    expect([net.heads.get("a").training, net.heads.get("a").weight.dtype]).toEqual([false, "float64"]);
    expect([...net.namedModules()].map(([name]) => name)).toEqual(["", "heads", "heads.b", "heads.a"]);
    expect(String(net)).toBe(`Net(
  (heads): ModuleDict(
    (b): ReLU()
    (a): Linear(in_features=1, out_features=2, bias=True)
  )
)`);
    expect(String(new nn.ModuleDict())).toBe("ModuleDict()");
    expect(() => net.heads.call()).toThrow("ModuleDict: has no forward");
  });

  it("refuses what is no module, and names that paths could not tell", () => {
    const dict = new nn.ModuleDict();
    expect(() => dict.set("a", tensor([1]) as never)).toThrow("a is object, not a Module");
    for (const key of ["", "a.b"]) expect(() => dict.set(key, new nn.ReLU())).toThrow(`the key ${key} is not allowed`);
    expect(() => dict.update([["a"]] as never)).toThrow("element 0 is object, not a pair of key and value");
    expect(() => dict.update(3 as never)).toThrow("must be a list");
    expect(dict.length).toBe(0);
  });
});

describe("ParameterList and ParameterDict", () => {
  it("make parameters of tensors, under PyTorch's keys", () => {
    class Net extends nn.Module {
      l = new nn.ParameterList([zeros(2, 3), new nn.Parameter(zeros([]), false)]);
      d = new nn.ParameterDict({ z: zeros(1), a: zeros(2, { dtype: "int32" }) });
      ordered = new nn.ParameterDict([
        ["z", zeros(1)],
        ["10", zeros(1, { dtype: "float64", device: "cpu" })],
        ["2", zeros(1)],
      ]);
    }
    const net = new Net();
    expect(keys(net)).toEqual(["l.0", "l.1", "d.a", "d.z", "ordered.z", "ordered.10", "ordered.2"]);
    expect([...net.parameters()].map((p) => p.requiresGrad)).toEqual([true, false, false, true, true, true, true]);
    expect(String(net)).toBe(`Net(
  (l): ParameterList(
      (0): Parameter containing: [torch.float32 of size 2x3]
      (1): Parameter containing: [torch.float32 of size ]
  )
  (d): ParameterDict(
      (a): Parameter containing: [torch.IntTensor of size 2]
      (z): Parameter containing: [torch.FloatTensor of size 1]
  )
  (ordered): ParameterDict(
      (z): Parameter containing: [torch.FloatTensor of size 1]
      (10): Parameter containing: [torch.DoubleTensor of size 1]
      (2): Parameter containing: [torch.FloatTensor of size 1]
  )
)`);
    expect(String(new nn.ParameterList([zeros(2)]))).toBe("ParameterList(  (0): Parameter containing: [torch.float32 of size 2])");
    expect(String(new nn.ParameterList())).toBe("ParameterList()");
  });

  it("behave like a list and a dict", async () => {
    const p = new nn.Parameter(tensor([1, 2]));
    const list = new nn.ParameterList([p]).append(tensor([3])).extend([p]);
    expect([list.length, list[0] === p, list.at(-1) === p, [...list].length, [...list.parameters()].length]).toEqual([3, true, true, 3, 2]);
    list.set(0, tensor([7]));
    expect(await list[0]!.tolist()).toEqual([7]);
    expect(list.slice(1).at(1)).toBe(p);
    expect(() => list.append(3 as never)).toThrow("3 is number, not a tensor");
    expect(() => list.set(3, p)).toThrow("index 3 is out of range");
    expect(() => ((list as unknown as { 0: unknown })[0] = tensor([1]))).toThrow("cannot assign a tensor as parameter '0'");
    const dict = new nn.ParameterDict({ w: p });
    expectTypeOf(dict.get("w")).toEqualTypeOf<nn.Parameter>();
    expect([dict.get("w") === p, dict.setdefault("w", zeros(1)) === p]).toEqual([true, true]);
    expect(dict.setdefault("b", zeros(1)).shape).toEqual([1]);
    const copy = dict.copy();
    expect(dict.popitem()[0]).toBe("b");
    expect([[...dict], [...copy]]).toEqual([["w"], ["w", "b"]]);
    dict.clear();
    expect(() => dict.popitem()).toThrow("popitem: the dict is empty");
  });
});
