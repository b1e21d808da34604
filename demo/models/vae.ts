// A variational autoencoder. Source: Kingma & Welling 2014, Auto-Encoding Variational Bayes; as in pytorch/examples/vae.
import { nn, optim, randn, randnLike, type Tensor } from "../../src/index.ts";
import type { Figures, Task } from "./task.ts";

const F = nn.functional;

export class VAE extends nn.Module {
  readonly fc1: nn.Linear;
  readonly fc21: nn.Linear;
  readonly fc22: nn.Linear;
  readonly fc3: nn.Linear;
  readonly fc4: nn.Linear;

  constructor(hidden = 400, latent = 20) {
    super();
    this.fc1 = new nn.Linear(784, hidden);
    this.fc21 = new nn.Linear(hidden, latent);
    this.fc22 = new nn.Linear(hidden, latent);
    this.fc3 = new nn.Linear(latent, hidden);
    this.fc4 = new nn.Linear(hidden, 784);
  }

  encode(x: Tensor): [mu: Tensor, logvar: Tensor] {
    const h1 = F.relu(this.fc1.call(x));
    return [this.fc21.call(h1), this.fc22.call(h1)];
  }

  reparameterize(mu: Tensor, logvar: Tensor): Tensor {
    const std = logvar.mul(0.5).exp();
    const eps = randnLike(std);
    return mu.add(eps.mul(std));
  }

  decode(z: Tensor): Tensor {
    const h3 = F.relu(this.fc3.call(z));
    return F.sigmoid(this.fc4.call(h3));
  }

  override forward(x: Tensor): [recon: Tensor, mu: Tensor, logvar: Tensor] {
    const [mu, logvar] = this.encode(x.view(-1, 784));
    const z = this.reparameterize(mu, logvar);
    return [this.decode(z), mu, logvar];
  }
}

/** Reconstruction and Kullback–Leibler divergence, summed over all elements and the batch. */
export function lossFunction(recon: Tensor, x: Tensor, mu: Tensor, logvar: Tensor): Tensor {
  const bce = F.binaryCrossEntropy(recon, x.view(-1, 784), { reduction: "sum" });
  const kld = logvar.add(1).sub(mu.pow(2)).sub(logvar.exp()).sum().mul(-0.5);
  return bce.add(kld);
}

export class VaeTask implements Task {
  readonly networks: { readonly vae: VAE };
  readonly optimizers: { readonly adam: optim.Adam };
  readonly caption = "digits that it made";

  constructor(vae: VAE = new VAE()) {
    this.networks = { vae };
    this.optimizers = { adam: new optim.Adam(vae.parameters(), { lr: 1e-3 }) };
  }

  step(images: Tensor): Figures {
    const { adam } = this.optimizers;
    adam.zeroGrad();
    const [recon, mu, logvar] = this.networks.vae.call(images);
    const loss = lossFunction(recon, images, mu, logvar);
    loss.backward();
    adam.step();
    return { loss: loss.div(images.size(0)) };
  }

  evaluate(images: Tensor): Figures {
    const [recon, mu, logvar] = this.networks.vae.call(images);
    return { loss: lossFunction(recon, images, mu, logvar).div(images.size(0)) };
  }

  /** Digits that never were, from the prior. */
  pictures(): Tensor {
    const { vae } = this.networks;
    const { weight } = vae.fc3;
    return vae.decode(randn([64, weight.size(1)], { dtype: weight.dtype, device: weight.device })).view(-1, 28, 28);
  }
}
