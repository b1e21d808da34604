// Initialisation in place, with the numbers PyTorch draws from the same seed.
import "../kits/core.ts";
import { noGrad } from "../autograd/mode.ts";
import { dense } from "../backend/cpu.ts";
import { fillNormal } from "../base/draws.ts";
import { ArgumentError, under } from "../base/errors.ts";
import { parse } from "../base/options.ts";
import { isWhole } from "../base/random.ts";
import { eye, tensor } from "../create.ts";
import { overwrite } from "../dispatch.ts";
import { type Bounds, type Initialiser, initialiser, type Spread } from "../nn/filling.ts";
import { fans, zeros_ } from "../nn/init.ts";
import { checkRank, operand } from "../ops/arguments.ts";
import { erf, erfinv } from "../ops/math.ts";
import type { Tensor } from "../tensor.ts";

/** Normal, cut off outside [a, b] by the inverse of its distribution function. */
export const truncNormal_: Initialiser<Spread & Bounds, [mean?: number, std?: number, a?: number, b?: number]> =
  /* @__PURE__ */ initialiser("truncNormal_", { mean: 0, std: 1, a: -2, b: 2 }, (source, out, { mean, std, a, b }) => {
    const scale = std * Math.SQRT2;
    // Twice the distribution function, less one.
    source.fillUniform(out, erf((a - mean) / scale), erf((b - mean) / scale));
    out.forEach((v, i) => (out[i] = Math.min(b, Math.max(a, erfinv(v) * scale + mean))));
  });

/** Ones on the diagonal of a matrix. */
export function eye_(x: Tensor): Tensor {
  under("eye_", () => checkRank(operand(x).shape, 2, 2));
  const [rows = 0, m = 0] = x.shape;
  overwrite(x, eye(rows, { m, dtype: x.dtype, device: x.device.type }));
  return x;
}

/** A convolution kernel [out, in, …] that hands each channel on unchanged, in each of `groups`. */
export function dirac_(x: Tensor, ...rest: [groups?: number] | [options: { groups?: number }]): Tensor {
  return under("dirac_", () => {
    const { groups } = parse(rest, { groups: 1 });
    checkRank(operand(x).shape, 3, 5);
    const [out = 0, , ...kernel] = x.shape;
    if (!isWhole(groups, 1) || out % groups !== 0) throw new ArgumentError(`${out} channels do not divide into ${groups} groups`);
    const per = out / groups;
    return noGrad(() => {
      zeros_(x);
      for (let at = 0; at < out; at += per) eye_(kernel.reduce((part, k) => part.select(2, Math.floor(k / 2)), x.narrow(0, at, per)));
      return x;
    });
  });
}

/** Orthonormal rows (or columns, whichever are fewer) of the tensor seen as a matrix [first, rest], times gain. */
export const orthogonal_: Initialiser<{ gain: number }> = /* @__PURE__ */ initialiser(
  "orthogonal_",
  { gain: 1 },
  (source, out, { gain }, x) => {
    const { fanIn } = fans(x);
    const rows = x.shape[0]!;
    const turned = (m: Tensor): Tensor => (rows < fanIn ? m : m.t());
    fillNormal(source, out, 0, 1);
    const units = turned(tensor(out, { shape: [rows, fanIn], dtype: "float64", device: "cpu" })).contiguous();
    // Gram–Schmidt, each projection twice: the Q of the QR decomposition whose R has a positive diagonal.
    for (let v = 0; v < units.shape[0]!; v++) {
      const before = units.narrow(0, 0, v);
      const project = (y: Tensor): Tensor => y.sub(y.matmul(before.t()).matmul(before));
      const unit = project(project(units.select(0, v)));
      overwrite(units.select(0, v), unit.div(unit.square().sum().sqrt()));
    }
    out.set(dense(turned(units).mul(gain)));
  },
);
