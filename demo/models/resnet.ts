// ResNet-18 with the stem for small images. Source: He et al. 2016, Deep Residual Learning for Image Recognition, §4.2; layers as in kuangliu/pytorch-cifar.
import { nn, type Tensor } from "../../src/index.ts";

const F = nn.functional;

export class BasicBlock extends nn.Module {
  readonly conv1: nn.Conv2d;
  readonly bn1: nn.BatchNorm2d;
  readonly conv2: nn.Conv2d;
  readonly bn2: nn.BatchNorm2d;
  readonly shortcut: nn.Sequential;

  constructor(inPlanes: number, planes: number, stride = 1) {
    super();
    this.conv1 = new nn.Conv2d(inPlanes, planes, 3, { stride, padding: 1, bias: false });
    this.bn1 = new nn.BatchNorm2d(planes);
    this.conv2 = new nn.Conv2d(planes, planes, 3, { stride: 1, padding: 1, bias: false });
    this.bn2 = new nn.BatchNorm2d(planes);
    this.shortcut =
      stride !== 1 || inPlanes !== planes
        ? new nn.Sequential(new nn.Conv2d(inPlanes, planes, 1, { stride, bias: false }), new nn.BatchNorm2d(planes))
        : new nn.Sequential();
  }

  override forward(x: Tensor): Tensor {
    let out = F.relu(this.bn1.call(this.conv1.call(x)));
    out = this.bn2.call(this.conv2.call(out));
    out = out.add(this.shortcut.call(x));
    return F.relu(out);
  }
}

export class ResNet extends nn.Module {
  #inPlanes: number;
  readonly conv1: nn.Conv2d;
  readonly bn1: nn.BatchNorm2d;
  readonly layer1: nn.Sequential;
  readonly layer2: nn.Sequential;
  readonly layer3: nn.Sequential;
  readonly layer4: nn.Sequential;
  readonly linear: nn.Linear;

  /** `width` is the number of channels of the first stage, 64 in the paper. */
  constructor(numBlocks: readonly [number, number, number, number], { inChannels = 1, numClasses = 10, width = 64 } = {}) {
    super();
    this.#inPlanes = width;
    this.conv1 = new nn.Conv2d(inChannels, width, 3, { stride: 1, padding: 1, bias: false });
    this.bn1 = new nn.BatchNorm2d(width);
    this.layer1 = this.#makeLayer(width, numBlocks[0], 1);
    this.layer2 = this.#makeLayer(2 * width, numBlocks[1], 2);
    this.layer3 = this.#makeLayer(4 * width, numBlocks[2], 2);
    this.layer4 = this.#makeLayer(8 * width, numBlocks[3], 2);
    this.linear = new nn.Linear(8 * width, numClasses);
  }

  #makeLayer(planes: number, count: number, stride: number): nn.Sequential {
    const layers = Array.from({ length: count }, (_, i) => {
      const block = new BasicBlock(this.#inPlanes, planes, i === 0 ? stride : 1);
      this.#inPlanes = planes;
      return block;
    });
    return new nn.Sequential(...layers);
  }

  override forward(x: Tensor): Tensor {
    let out = F.relu(this.bn1.call(this.conv1.call(x)));
    out = this.layer1.call(out);
    out = this.layer2.call(out);
    out = this.layer3.call(out);
    out = this.layer4.call(out);
    out = F.avgPool2d(out, 4);
    out = out.view(out.size(0), -1);
    return this.linear.call(out);
  }
}

export const resnet18 = (options: { readonly inChannels?: number; readonly numClasses?: number; readonly width?: number } = {}): ResNet =>
  new ResNet([2, 2, 2, 2], options);
