// A U-Net learns to find the ink of digits in noise.
import { nn, optim, randLike, type Tensor } from "../../src/index.ts";
import type { Figures, Task } from "./task.ts";
import { UNet } from "./unet.ts";

/** Images half drowned in noise, and where their ink is. */
const noisy = (images: Tensor): Tensor => images.mul(0.5).add(randLike(images).mul(0.5));
const ink = (images: Tensor): Tensor => images.gt(0.5).to(images.dtype);

export class UnetTask implements Task {
  readonly networks: { readonly unet: UNet };
  readonly optimizers: { readonly adam: optim.Adam };

  constructor(unet: UNet = new UNet()) {
    this.networks = { unet };
    this.optimizers = { adam: new optim.Adam(unet.parameters(), { lr: 1e-3 }) };
  }

  step(images: Tensor): Figures {
    const { adam } = this.optimizers;
    adam.zeroGrad();
    const loss = nn.functional.binaryCrossEntropyWithLogits(this.#logits(images), ink(images));
    loss.backward();
    adam.step();
    return { loss };
  }

  /** Intersection over union of the ink that was found and the ink there is. */
  evaluate(images: Tensor): Figures {
    const [found, there] = [this.#logits(images).gt(0), ink(images).gt(0)];
    return { iou: found.logicalAnd(there).sum().div(found.logicalOr(there).sum()) };
  }

  /** The ink that it finds. */
  pictures(images: Tensor): Tensor {
    return this.#logits(images).sigmoid().squeeze(1);
  }

  #logits(images: Tensor): Tensor {
    return this.networks.unet.call(noisy(images));
  }
}
