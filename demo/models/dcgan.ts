// DCGAN for digits. Source: Radford et al. 2016, Unsupervised Representation Learning with Deep Convolutional Generative Adversarial Networks; as in pytorch/examples/dcgan.
import { full, nn, optim, randn, type Tensor } from "../../src/index.ts";
import type { Figures, Task } from "./task.ts";

/** Weights as the paper draws them. */
function weightsInit(m: nn.Module): void {
  if (m instanceof nn.Conv2d || m instanceof nn.ConvTranspose2d) nn.init.normal_(m.weight, 0, 0.02);
  else if (m instanceof nn.BatchNorm2d) {
    nn.init.normal_(m.weight!, 1, 0.02);
    nn.init.zeros_(m.bias!);
  }
}

export class Generator extends nn.Module {
  readonly main: nn.Sequential;

  constructor(nz = 100, ngf = 32) {
    super();
    this.main = new nn.Sequential(
      // [N, nz, 1, 1] → [N, 2·ngf, 7, 7]
      new nn.ConvTranspose2d(nz, ngf * 2, 7, { stride: 1, padding: 0, bias: false }),
      new nn.BatchNorm2d(ngf * 2),
      new nn.ReLU(true),
      // → [N, ngf, 14, 14]
      new nn.ConvTranspose2d(ngf * 2, ngf, 4, { stride: 2, padding: 1, bias: false }),
      new nn.BatchNorm2d(ngf),
      new nn.ReLU(true),
      // → [N, 1, 28, 28]
      new nn.ConvTranspose2d(ngf, 1, 4, { stride: 2, padding: 1, bias: false }),
      new nn.Tanh(),
    );
  }

  override forward(input: Tensor): Tensor {
    return this.main.call(input);
  }
}

export class Discriminator extends nn.Module {
  readonly main: nn.Sequential;

  constructor(ndf = 32) {
    super();
    this.main = new nn.Sequential(
      new nn.Conv2d(1, ndf, 4, { stride: 2, padding: 1, bias: false }),
      new nn.LeakyReLU(0.2, true),
      new nn.Conv2d(ndf, ndf * 2, 4, { stride: 2, padding: 1, bias: false }),
      new nn.BatchNorm2d(ndf * 2),
      new nn.LeakyReLU(0.2, true),
      new nn.Conv2d(ndf * 2, 1, 7, { stride: 1, padding: 0, bias: false }),
      new nn.Sigmoid(),
    );
  }

  override forward(input: Tensor): Tensor {
    return this.main.call(input).view(-1, 1).squeeze(1);
  }
}

export class DcganTask implements Task {
  readonly nz: number;
  readonly networks: { readonly generator: Generator; readonly discriminator: Discriminator };
  readonly optimizers: { readonly generator: optim.Adam; readonly discriminator: optim.Adam };
  readonly caption = "digits that it made";
  readonly #criterion = new nn.BCELoss();

  constructor({ nz = 100, ngf = 32, ndf = 32 } = {}) {
    this.nz = nz;
    const [generator, discriminator] = [new Generator(nz, ngf), new Discriminator(ndf)];
    generator.apply(weightsInit);
    discriminator.apply(weightsInit);
    this.networks = { generator, discriminator };
    const options = { lr: 0.0002, betas: [0.5, 0.999] } as const;
    this.optimizers = {
      generator: new optim.Adam(generator.parameters(), options),
      discriminator: new optim.Adam(discriminator.parameters(), options),
    };
  }

  step(images: Tensor): Figures {
    const { generator: netG, discriminator: netD } = this.networks;
    const { generator: optimizerG, discriminator: optimizerD } = this.optimizers;
    const real = images.mul(2).sub(1);
    const { dtype, device } = real;
    const [ones, zeros] = [1, 0].map((value) => full([real.size(0)], value, { dtype, device })) as [Tensor, Tensor];
    // The discriminator: log D(x) + log(1 − D(G(z))).
    optimizerD.zeroGrad();
    const errDReal = this.#criterion.call(netD.call(real), ones);
    errDReal.backward();
    const fake = netG.call(randn([real.size(0), this.nz, 1, 1], { dtype, device }));
    const errDFake = this.#criterion.call(netD.call(fake.detach()), zeros);
    errDFake.backward();
    optimizerD.step();
    // The generator: log D(G(z)).
    optimizerG.zeroGrad();
    const errG = this.#criterion.call(netD.call(fake), ones);
    errG.backward();
    optimizerG.step();
    return { generator: errG, discriminator: errDReal.add(errDFake) };
  }

  /** How real the discriminator holds digits to be, real ones and made ones. */
  evaluate(images: Tensor): Figures {
    const { discriminator } = this.networks;
    const fake = this.#made(images.size(0), images);
    return { real: discriminator.call(images.mul(2).sub(1)).mean(), fake: discriminator.call(fake).mean() };
  }

  pictures(images: Tensor): Tensor {
    return this.#made(64, images).squeeze(1).add(1).div(2);
  }

  #made(count: number, { dtype, device }: Tensor): Tensor {
    return this.networks.generator.call(randn([count, this.nz, 1, 1], { dtype, device }));
  }
}
