// In-place forms: exactly where PyTorch has them; each gives what the plain form gives, is counted, and writes through views.
import { describe, expect, it } from "vitest";
import { grad } from "../../src/autograd/engine.ts";
import { noGrad } from "../../src/autograd/mode.ts";
import { WengertError } from "../../src/base/errors.ts";
import { isFloat } from "../../src/base/dtype.ts";
import { sameShape } from "../../src/base/shape.ts";
import { callOp, materialise, weightsLike } from "../../src/inspect/samples.ts";
import "../../src/ops/all.ts";
import { records } from "../../src/ops/install.ts";
import { isView } from "../../src/ops/op.ts";
import { functions } from "../../src/tensor/methods.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { zeros } from "../../src/tensor/create.ts";
import { onEveryDevice } from "../devices.ts";

// Methods of torch.Tensor (PyTorch 1.13) whose name ends in _, without those that only set flags or metadata, in its own spelling.
const pytorch =
  `abs absolute acos acosh add addbmm addcdiv addcmul addmm addmv addr arccos arccosh arcsin arcsinh arctan arctan2 arctanh asin
asinh atan atan2 atanh baddbmm bernoulli bitwise_and bitwise_left_shift bitwise_not bitwise_or bitwise_right_shift bitwise_xor cauchy ceil clamp
clamp_max clamp_min clip conj_physical copy copysign cos cosh cumprod cumsum deg2rad digamma div divide eq erf erfc erfinv exp exp2 expm1
exponential fill fill_diagonal fix float_power floor floor_divide fmod frac gcd ge geometric greater greater_equal gt heaviside hypot i0 igamma
igammac index_add index_copy index_fill index_put index_reduce lcm ldexp le lerp less less_equal lgamma log log10 log1p log2 log_normal
logical_and logical_not logical_or logical_xor logit lt masked_fill masked_scatter mul multiply mvlgamma nan_to_num ne neg negative nextafter
normal not_equal polygamma pow put rad2deg random reciprocal relu remainder renorm round rsqrt scatter scatter_add scatter_reduce sgn sigmoid
sign sin sinc sinh sqrt square sub subtract tan tanh tril triu true_divide trunc uniform xlogy zero`
    .split(/\s+/)
    .map((name) => name.replace(/_(\w)/g, (_, c: string) => c.toUpperCase()));

const forms = Object.entries(records).flatMap(([name, op]) => (!isView(op) && op.inplace ? [[name, op] as const] : []));
const inPlace = (x: Tensor, name: string, args: readonly unknown[]): Tensor =>
  (x as unknown as Record<string, (...rest: readonly unknown[]) => Tensor>)[`${name}_`]!(...args.slice(1));

it("there is an in-place form of an operator exactly where PyTorch has one", () => {
  expect(forms.map(([name]) => name).filter((name) => !pytorch.includes(name))).toEqual([]);
  const x = zeros([1]);
  expect(pytorch.filter((name) => name in functions && !(`${name}_` in x))).toEqual([]);
});

onEveryDevice((device) => {
  describe.each(forms.filter(([, op]) => !op.alias))("%s_", (name, op) => {
    const float = device === "cpu" ? "float64" : "float32";
    for (const [i, sample] of op.samples.entries())
      it(`sample ${i}: value, gradient, version, view`, async () => {
        const { args, leaves } = materialise(sample, device, float);
        const x = args[0];
        // A number as the first operand has no methods.
        if (typeof x !== "object") return expect(typeof x).toBe("number");
        const given = x as Tensor;
        const plain = callOp(name, args)[0]!;
        const target = given.clone();
        const versionBefore = target.storage.version;
        if (!sameShape(plain.shape, given.shape)) {
          expect(() => inPlace(target, name, args)).toThrow(WengertError);
          expect(target.storage.version).toBe(versionBefore);
          expect(await target.tolist()).toEqual(await given.tolist());
          return undefined;
        }
        // Floats do not fit into integers; PyTorch refuses that, too.
        if (isFloat(plain.dtype) && !isFloat(given.dtype)) return expect(() => inPlace(target, name, args)).toThrow(WengertError);
        const result = inPlace(target, name, args);
        const expected = await plain.to(given.dtype).tolist();
        expect(result).toBe(target);
        expect(target.storage.version).toBeGreaterThan(versionBefore);
        expect(await target.tolist()).toEqual(expected);

        const slopes = (y: Tensor): readonly (Tensor | undefined)[] =>
          y.requiresGrad ? grad(y, leaves, { gradOutputs: weightsLike(y, 1), allowUnused: true }) : [];
        const values = (list: readonly (Tensor | undefined)[]): Promise<unknown> => Promise.all(list.map((g, k) => (g ?? leaves[k]!.filledLike(0)).tolist())); // prettier-ignore
        if (isFloat(plain.dtype)) expect(await values(slopes(target))).toEqual(await values(slopes(plain)));

        const whole = zeros([2, ...given.shape], { dtype: given.dtype, device });
        noGrad(() => {
          const part = whole.select(0, 1);
          part.copy_(given);
          inPlace(part, name, args);
        });
        expect(await whole.select(0, 1).tolist()).toEqual(expected);
        expect((await whole.select(0, 0).array()).every((v) => v === 0)).toBe(true);
        return undefined;
      });
  });

  const fillings = Object.entries(records).filter(([name]) => name.endsWith("_"));
  it.each(fillings)("%s writes into its tensor, through views too, and is counted", async (name, op) => {
    for (const sample of op.samples) {
      const [x, ...rest] = materialise(sample, device, "float32").args as [Tensor, ...unknown[]];
      const before = x.storage.version;
      expect(callOp(name, [x, ...rest])[0]).toBe(x);
      expect(x.storage.version).toBeGreaterThan(before);
      const whole = zeros([2, ...x.shape], { dtype: x.dtype, device }).add(7);
      callOp(name, [whole.select(0, 1), ...rest]);
      expect(await whole.select(0, 1).tolist()).toEqual(await x.tolist());
      expect((await whole.select(0, 0).array()).every((v) => v === 7)).toBe(true);
    }
  });
});
