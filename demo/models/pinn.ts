// A physics-informed network for the heat equation uₜ = α·uₓₓ on a rod with cold ends. Source: Raissi et al. 2019, Physics-informed neural networks.
import { autograd, cat, linspace, nn, onesLike, optim, rand, type Tensor, zeros } from "../../src/index.ts";
import type { Figures, Task } from "./task.ts";

export class PINN extends nn.Module {
  readonly net: nn.Sequential;

  constructor(width = 20, depth = 3) {
    super();
    const hidden = Array.from({ length: depth }, (_, i) => [new nn.Linear(i === 0 ? 2 : width, width), new nn.Tanh()]);
    this.net = new nn.Sequential(...hidden.flat(), new nn.Linear(width, 1));
  }

  /** The temperature at places x and times t. Shape: [N, 1] each → [N, 1]. */
  override forward(x: Tensor, t: Tensor): Tensor {
    return this.net.call(cat([x, t], 1));
  }
}

/** The derivative of the sum of y in x, in a graph of its own. */
const derivative = (y: Tensor, x: Tensor): Tensor => autograd.grad(y, x, { gradOutputs: onesLike(y), createGraph: true })[0];

export class PinnTask implements Task {
  readonly networks: { readonly pinn: PINN };
  readonly optimizers: { readonly adam: optim.Adam };
  readonly caption = "temperature over place (across) and time (down): as it finds it, and as it is";
  readonly #alpha = 0.1;
  readonly #points: number;

  constructor(pinn: PINN = new PINN(), points = 256) {
    this.#points = points;
    this.networks = { pinn };
    this.optimizers = { adam: new optim.Adam(pinn.parameters(), { lr: 1e-3 }) };
  }

  /** What the solution is: u(x, t) = exp(−α·π²·t)·sin(π·x), for u(x, 0) = sin(π·x). */
  exact(x: Tensor, t: Tensor): Tensor {
    return t.mul(-this.#alpha * Math.PI ** 2).exp().mul(x.mul(Math.PI).sin()); // prettier-ignore
  }

  /** The images only say where to compute. */
  step({ dtype, device }: Tensor): Figures {
    const draw = (): Tensor => rand([this.#points, 1], { dtype, device });
    const { adam } = this.optimizers;
    adam.zeroGrad();
    // The equation, inside.
    const [x, t] = [draw().requiresGrad_(true), draw().requiresGrad_(true)];
    const u = this.networks.pinn.call(x, t);
    const residual = derivative(u, t).sub(derivative(derivative(u, x), x).mul(this.#alpha));
    const equation = residual.pow(2).mean();
    // The start and the ends.
    const [x0, t0] = [draw(), draw()];
    const nought = zeros([this.#points, 1], { dtype, device });
    const initial = this.networks.pinn.call(x0, nought).sub(this.exact(x0, nought)).pow(2).mean();
    const left = this.networks.pinn.call(nought, t0).pow(2).mean();
    const right = this.networks.pinn.call(nought.add(1), t0).pow(2).mean();
    const loss = equation.add(initial).add(left).add(right);
    loss.backward();
    adam.step();
    return { loss, equation };
  }

  /** The relative error in the 2-norm over a grid of places and times. */
  evaluate({ dtype, device }: Tensor): Figures {
    const [x, t] = this.#grid(dtype, device);
    const exact = this.exact(x, t);
    return { error: this.networks.pinn.call(x, t).sub(exact).norm().div(exact.norm()) };
  }

  pictures({ dtype, device }: Tensor): Tensor {
    const [x, t] = this.#grid(dtype, device);
    return cat([this.networks.pinn.call(x, t), this.exact(x, t)])
      .view(2, 64, 64)
      .clamp(0, 1);
  }

  #grid(dtype: Tensor["dtype"], device: Tensor["device"]): [Tensor, Tensor] {
    const line = linspace(0, 1, 64, { dtype, device });
    const [t, x] = [line.unsqueeze(1).expand(64, 64), line.expand(64, 64)];
    return [x.reshape(-1, 1), t.reshape(-1, 1)];
  }
}
