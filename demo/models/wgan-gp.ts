// Wasserstein GAN with gradient penalty. Source: Gulrajani et al. 2017, Improved Training of Wasserstein GANs; as in eriklindernoren/PyTorch-GAN.
import { autograd, nn, onesLike, optim, rand, randn, type Tensor } from "../../src/index.ts";
import type { Figures, Task } from "./task.ts";

function block(inFeat: number, outFeat: number, normalize = true): nn.Module[] {
  const layers: nn.Module[] = [new nn.Linear(inFeat, outFeat)];
  if (normalize) layers.push(new nn.BatchNorm1d(outFeat, 0.8));
  layers.push(new nn.LeakyReLU(0.2, true));
  return layers;
}

export class Generator extends nn.Module {
  readonly model: nn.Sequential;

  constructor(latentDim: number, width: number) {
    super();
    this.model = new nn.Sequential(
      ...block(latentDim, width, false),
      ...block(width, 2 * width),
      ...block(2 * width, 4 * width),
      new nn.Linear(4 * width, 784),
      new nn.Tanh(),
    );
  }

  override forward(z: Tensor): Tensor {
    return this.model.call(z).view(z.size(0), 1, 28, 28);
  }
}

export class Discriminator extends nn.Module {
  readonly model: nn.Sequential;

  constructor(width: number) {
    super();
    this.model = new nn.Sequential(
      new nn.Linear(784, 4 * width),
      new nn.LeakyReLU(0.2, true),
      new nn.Linear(4 * width, 2 * width),
      new nn.LeakyReLU(0.2, true),
      new nn.Linear(2 * width, 1),
    );
  }

  override forward(img: Tensor): Tensor {
    return this.model.call(img.view(img.size(0), -1));
  }
}

/** How far the critic's gradient between real and fake samples is from length 1, squared. */
export function gradientPenalty(critic: nn.Module, real: Tensor, fake: Tensor): Tensor {
  const alpha = rand([real.size(0), 1, 1, 1], { dtype: real.dtype, device: real.device });
  const interpolates = alpha.mul(real).add(alpha.neg().add(1).mul(fake)).requiresGrad_(true);
  const validity = critic.call(interpolates) as Tensor;
  const [gradients] = autograd.grad(validity, [interpolates], { gradOutputs: onesLike(validity), createGraph: true });
  return gradients.view(gradients.size(0), -1).norm(2, { dim: 1 }).sub(1).pow(2).mean();
}

export class WganGpTask implements Task {
  readonly latentDim: number;
  readonly networks: { readonly generator: Generator; readonly discriminator: Discriminator };
  readonly optimizers: { readonly generator: optim.Adam; readonly discriminator: optim.Adam };
  readonly #lambda = 10;
  readonly #critics = 5;
  readonly caption = "digits that it made";

  constructor({ latentDim = 100, width = 128 } = {}) {
    this.latentDim = latentDim;
    const [generator, discriminator] = [new Generator(latentDim, width), new Discriminator(width)];
    this.networks = { generator, discriminator };
    const options = { lr: 0.0002, betas: [0.5, 0.999] } as const;
    this.optimizers = {
      generator: new optim.Adam(generator.parameters(), options),
      discriminator: new optim.Adam(discriminator.parameters(), options),
    };
  }

  step(images: Tensor, _labels: Tensor, i: number): Figures {
    const { generator, discriminator } = this.networks;
    const { dtype, device } = images;
    const real = images.mul(2).sub(1);
    // The critic.
    this.optimizers.discriminator.zeroGrad();
    const z = randn([real.size(0), this.latentDim], { dtype, device });
    const fake = generator.call(z).detach();
    const penalty = gradientPenalty(discriminator, real, fake);
    const distance = discriminator.call(real).mean().sub(discriminator.call(fake).mean());
    const lossD = distance.neg().add(penalty.mul(this.#lambda));
    lossD.backward();
    this.optimizers.discriminator.step();
    const figures = { discriminator: lossD, distance };
    if (i % this.#critics !== 0) return figures;
    // The generator, every few steps.
    this.optimizers.generator.zeroGrad();
    const lossG = discriminator.call(generator.call(z)).mean().neg();
    lossG.backward();
    this.optimizers.generator.step();
    return { ...figures, generator: lossG };
  }

  /** The critic's distance between real digits and made ones. */
  evaluate(images: Tensor): Figures {
    const { generator, discriminator } = this.networks;
    const { dtype, device } = images;
    const fake = generator.call(randn([images.size(0), this.latentDim], { dtype, device }));
    return { distance: discriminator.call(images.mul(2).sub(1)).mean().sub(discriminator.call(fake).mean()) };
  }

  pictures(images: Tensor): Tensor {
    const { dtype, device } = images;
    return this.networks.generator
      .call(randn([64, this.latentDim], { dtype, device }))
      .squeeze(1)
      .add(1)
      .div(2);
  }
}
