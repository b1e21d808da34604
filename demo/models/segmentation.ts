// A U-Net learns to find the ink of digits in noise.
import { cat, nn, optim, randLike, type Tensor } from "../../src/index.ts";
import type { Figures, Task } from "./task.ts";
import { UNet } from "./unet.ts";

/** Images half drowned in noise, and where their ink is. */
const noisy = (images: Tensor): Tensor => images.mul(0.5).add(randLike(images).mul(0.5));
const ink = (images: Tensor): Tensor => images.gt(0.5).to(images.dtype);

export class UnetTask implements Task {
  readonly networks: { readonly unet: UNet };
  readonly optimizers: { readonly adam: optim.Adam };
  readonly caption = "rows: digits in noise, the ink that it finds, the ink that there is";

  constructor(unet: UNet = new UNet()) {
    this.networks = { unet };
    this.optimizers = { adam: new optim.Adam(unet.parameters(), { lr: 1e-3 }) };
  }

  step(images: Tensor): Figures {
    const { adam } = this.optimizers;
    adam.zeroGrad();
    const loss = nn.functional.binaryCrossEntropyWithLogits(this.networks.unet.call(noisy(images)), ink(images));
    loss.backward();
    adam.step();
    return { loss };
  }

  /** Intersection over union of the ink that was found and the ink there is, the mean over the images. */
  evaluate(images: Tensor): Figures {
    const [found, there] = [this.networks.unet.call(noisy(images)).gt(0), ink(images).gt(0)];
    const [both, either] = [found.logicalAnd(there).sum([1, 2, 3]), found.logicalOr(there).sum([1, 2, 3])];
    return { iou: both.add(1e-6).div(either.add(1e-6)).mean() };
  }

  pictures(images: Tensor): Tensor {
    const seen = noisy(images);
    return cat([seen, this.networks.unet.call(seen).sigmoid(), ink(images)]).squeeze(1);
  }
}
