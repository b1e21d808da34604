// Orthogonal matrices from operators that every device has: Householder reflections, the QR decomposition, the exponential.
// Source: Golub and Van Loan, Matrix Computations (4th edition), §5.1, §5.2 and §9.3. All take matrices [..., n, k] with n ≥ k.
import "../../ops/indexing/index.ts";
import { noGrad } from "../../autograd/mode.ts";
import { eye } from "../../tensor/create.ts";
import { functions } from "../../tensor/methods.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/** Ones on the diagonal, n × k, where x is and in its dtype. */
export const unitLike = (x: Tensor, n: number, k: number): Tensor => eye(n, { m: k, dtype: x.dtype, device: x.device.type });

const column = (x: Tensor, i: number): Tensor => x.narrow(-1, i, 1);

/** The first k columns of H₀ H₁ … with Hᵢ = I − τᵢ vᵢ vᵢᵀ, vᵢ the columns of v and τ of shape [..., 1, k]. */
export function reflected(v: Tensor, tau: Tensor): Tensor {
  const [n, k] = v.shape.slice(-2) as [number, number];
  let q = unitLike(v, n, k);
  for (let i = k - 1; i >= 0; i--) {
    const side = column(v, i);
    q = q.sub(side.mul(column(tau, i)).matmul(side.mT().matmul(q)));
  }
  return q;
}

/** Reflections that make x upper triangular, as LAPACK's geqrf chooses them: vᵢ has a one in row i, τᵢ is 0 where nothing is left to do. */
export function triangularised(x: Tensor): { readonly v: Tensor; readonly tau: Tensor; readonly r: Tensor } {
  const [n, k] = x.shape.slice(-2) as [number, number];
  const sides: Tensor[] = [];
  const taus: Tensor[] = [];
  let r = x;
  for (let i = 0; i < k; i++) {
    const head = column(r, i).narrow(-2, i, 1);
    const tail = column(r, i).narrow(-2, i + 1, n - i - 1);
    const square = tail.square().sum(-2, true);
    const done = square.eq(0);
    const length = head.square().add(square).sqrt();
    const beta = functions.where(head.lt(0), length, length.neg());
    const tau = beta.sub(head).div(beta).maskedFill(done, 0);
    const side = functions.cat([
      head.filledLike(0, [...head.shape.slice(0, -2), i, 1]),
      head.filledLike(1),
      tail.div(head.sub(beta)).maskedFill(done, 0),
    ], -2); // prettier-ignore
    r = r.sub(side.mul(tau).matmul(side.mT().matmul(r)));
    sides.push(side);
    taus.push(tau);
  }
  return { v: functions.cat(sides, -1), tau: functions.cat(taus, -1), r };
}

/** The diagonal of matrices as a row, [..., 1, k]. */
export const diagonalRow = (x: Tensor): Tensor => x.diagonal(0, -2, -1).unsqueeze(-2);

/** The Q of x = QR whose R has no negative diagonal. */
export function orthogonalised(x: Tensor): Tensor {
  const { v, tau, r } = triangularised(x);
  return reflected(v, tau).mul(diagonalRow(r).sign());
}

/** Halvings that bring a matrix of any sensible norm below 1/2. */
const halvings = 12;

/** The matrix exponential of [..., n, n]: Taylor's series of a matrix halved until it is small, squared as often. */
export function exponential(x: Tensor): Tensor {
  const one = unitLike(x, x.shape.at(-1)!, x.shape.at(-1)!);
  // How often depends on values, which the host may not see: every matrix of a batch takes part in all steps, or stays.
  const small: Tensor[] = [];
  const scaled = noGrad(() => {
    let norm = x.abs().sum(-2, true).amax(-1, true);
    let scale = norm.filledLike(1);
    for (let i = 0; i < halvings; i++) {
      small.push(norm.le(0.5));
      scale = functions.where(small[i]!, scale, scale.mul(0.5));
      norm = functions.where(small[i]!, norm, norm.mul(0.5));
    }
    return scale;
  });
  const part = x.mul(scaled);
  let power = one;
  for (let i = 14; i > 0; i--) power = one.add(part.matmul(power).div(i));
  for (const done of small.reverse()) power = functions.where(done, power, power.matmul(power));
  return power;
}
