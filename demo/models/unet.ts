// U-Net. Source: Ronneberger et al. 2015, U-Net: Convolutional Networks for Biomedical Image Segmentation; layers as in milesial/Pytorch-UNet.
import { cat, nn, type Tensor } from "../../src/index.ts";

const F = nn.functional;

/** (convolution → batch norm → ReLU) twice. */
export class DoubleConv extends nn.Module {
  readonly double_conv: nn.Sequential;

  constructor(inChannels: number, outChannels: number, midChannels = outChannels) {
    super();
    this.double_conv = new nn.Sequential(
      new nn.Conv2d(inChannels, midChannels, 3, { padding: 1, bias: false }),
      new nn.BatchNorm2d(midChannels),
      new nn.ReLU(true),
      new nn.Conv2d(midChannels, outChannels, 3, { padding: 1, bias: false }),
      new nn.BatchNorm2d(outChannels),
      new nn.ReLU(true),
    );
  }

  override forward(x: Tensor): Tensor {
    return this.double_conv.call(x);
  }
}

/** Half the size, then a double convolution. */
export class Down extends nn.Module {
  readonly maxpool_conv: nn.Sequential;

  constructor(inChannels: number, outChannels: number) {
    super();
    this.maxpool_conv = new nn.Sequential(new nn.MaxPool2d(2), new DoubleConv(inChannels, outChannels));
  }

  override forward(x: Tensor): Tensor {
    return this.maxpool_conv.call(x);
  }
}

/** Twice the size, beside what was skipped, then a double convolution. */
export class Up extends nn.Module {
  readonly up = new nn.Upsample({ scaleFactor: 2, mode: "bilinear", alignCorners: true });
  readonly conv: DoubleConv;

  constructor(inChannels: number, outChannels: number) {
    super();
    this.conv = new DoubleConv(inChannels, outChannels, inChannels / 2);
  }

  override forward(x1: Tensor, x2: Tensor): Tensor {
    const up = this.up.call(x1);
    const [diffY, diffX] = [x2.size(2) - up.size(2), x2.size(3) - up.size(3)];
    const [left, top] = [Math.floor(diffX / 2), Math.floor(diffY / 2)];
    const padded = F.pad(up, [left, diffX - left, top, diffY - top]);
    return this.conv.call(cat([x2, padded], 1));
  }
}

/** Images of 28 × 28 have room for three halvings. */
export class UNet extends nn.Module {
  readonly inc: DoubleConv;
  readonly down1: Down;
  readonly down2: Down;
  readonly down3: Down;
  readonly up1: Up;
  readonly up2: Up;
  readonly up3: Up;
  readonly outc: nn.Conv2d;

  /** `width` is the number of channels at full size, 64 in the paper. */
  constructor(width = 64) {
    super();
    this.inc = new DoubleConv(1, width);
    this.down1 = new Down(width, 2 * width);
    this.down2 = new Down(2 * width, 4 * width);
    this.down3 = new Down(4 * width, 4 * width);
    this.up1 = new Up(8 * width, 2 * width);
    this.up2 = new Up(4 * width, width);
    this.up3 = new Up(2 * width, width);
    this.outc = new nn.Conv2d(width, 1, 1);
  }

  override forward(x: Tensor): Tensor {
    const x1 = this.inc.call(x);
    const x2 = this.down1.call(x1);
    const x3 = this.down2.call(x2);
    const x4 = this.down3.call(x3);
    return this.outc.call(this.up3.call(this.up2.call(this.up1.call(x4, x3), x2), x1));
  }
}
