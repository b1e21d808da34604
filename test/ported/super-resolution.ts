// Images made larger by a network that ends in a pixel shuffle, line by line after pytorch/examples super_resolution (BSD-3-Clause): model.py,
// dataset.py, data.py, main.py and super_resolve.py. Source: Shi et al. 2016, Real-Time Single Image and Video Super-Resolution.
import { data, type DType, nn, noGrad, optim, type Tensor } from "../../src/index.ts";

const { init } = nn;

// ---- model.py ---------------------------------------------------------------------------------------------------------

export class Net extends nn.Module {
  readonly relu: nn.ReLU;
  readonly conv1: nn.Conv2d;
  readonly conv2: nn.Conv2d;
  readonly conv3: nn.Conv2d;
  readonly conv4: nn.Conv2d;
  readonly pixel_shuffle: nn.PixelShuffle;

  constructor(upscaleFactor: number, width = 64) {
    super();
    this.relu = new nn.ReLU();
    this.conv1 = new nn.Conv2d(1, width, [5, 5], [1, 1], [2, 2]);
    this.conv2 = new nn.Conv2d(width, width, [3, 3], [1, 1], [1, 1]);
    this.conv3 = new nn.Conv2d(width, width / 2, [3, 3], [1, 1], [1, 1]);
    this.conv4 = new nn.Conv2d(width / 2, upscaleFactor ** 2, [3, 3], [1, 1], [1, 1]);
    this.pixel_shuffle = new nn.PixelShuffle(upscaleFactor);

    this.#initializeWeights();
  }

  override forward(given: Tensor): Tensor {
    let x = this.relu.call(this.conv1.call(given));
    x = this.relu.call(this.conv2.call(x));
    x = this.relu.call(this.conv3.call(x));
    return this.pixel_shuffle.call(this.conv4.call(x));
  }

  #initializeWeights(): void {
    init.orthogonal_(this.conv1.weight, init.calculateGain("relu"));
    init.orthogonal_(this.conv2.weight, init.calculateGain("relu"));
    init.orthogonal_(this.conv3.weight, init.calculateGain("relu"));
    init.orthogonal_(this.conv4.weight);
  }
}

// ---- dataset.py and data.py -------------------------------------------------------------------------------------------

type Transform = (img: Tensor) => Tensor;

/** What stands for pictures in a folder: [height, width] in luminance from 0 to 255. */
export class DatasetFromFolder implements data.Dataset<[input: Tensor, target: Tensor], [input: Tensor, target: Tensor]> {
  readonly images: readonly Tensor[];
  readonly inputTransform: Transform | undefined;
  readonly targetTransform: Transform | undefined;

  constructor(images: readonly Tensor[], inputTransform?: Transform, targetTransform?: Transform) {
    this.images = images;
    this.inputTransform = inputTransform;
    this.targetTransform = targetTransform;
  }
  get(index: number): [Tensor, Tensor] {
    let input = this.images[index]!;
    let target = input.clone();
    if (this.inputTransform) input = this.inputTransform(input);
    if (this.targetTransform) target = this.targetTransform(target);
    return [input, target];
  }
  get length(): number {
    return this.images.length;
  }
}

const calculateValidCropSize = (cropSize: number, upscaleFactor: number): number => cropSize - (cropSize % upscaleFactor);

const compose =
  (...transforms: readonly Transform[]): Transform =>
  (img) =>
    transforms.reduce((x, transform) => transform(x), img);

const centerCrop =
  (size: number): Transform =>
  (img) => {
    const [h, w] = img.shape as [number, number];
    const [top, left] = [Math.floor((h - size) / 2), Math.floor((w - size) / 2)];
    return img.at({ start: top, stop: top + size }, { start: left, stop: left + size });
  };

const resize =
  (size: number): Transform =>
  (img) =>
    nn.functional.interpolate(img.at(null, null), { size: [size, size], mode: "bilinear", antialias: true }).at(0, 0);

const toTensor: Transform = (img) => img.unsqueeze(0).div(255);

export function getSet(images: readonly Tensor[], upscaleFactor: number, size: number): DatasetFromFolder {
  const cropSize = calculateValidCropSize(size, upscaleFactor);
  return new DatasetFromFolder(
    images,
    compose(centerCrop(cropSize), resize(cropSize / upscaleFactor), toTensor),
    compose(centerCrop(cropSize), toTensor),
  );
}

// ---- main.py ----------------------------------------------------------------------------------------------------------

export interface SuperResolutionOptions {
  readonly upscaleFactor: number;
  readonly width: number;
  readonly batchSize: number;
  readonly testBatchSize: number;
  readonly nEpochs: number;
  readonly lr: number;
  readonly dtype: DType;
}
export interface SuperResolutionFigures {
  readonly losses: readonly number[];
  readonly psnr: readonly number[];
}

export async function main(
  trainSet: DatasetFromFolder,
  testSet: DatasetFromFolder,
  opt: SuperResolutionOptions,
): Promise<SuperResolutionFigures & { readonly model: Net }> {
  const trainingDataLoader = new data.DataLoader(trainSet, { batchSize: opt.batchSize, shuffle: true });
  const testingDataLoader = new data.DataLoader(testSet, { batchSize: opt.testBatchSize, shuffle: false });

  const model = new Net(opt.upscaleFactor, opt.width).to(opt.dtype);
  const criterion = new nn.MSELoss();
  const optimizer = new optim.Adam(model.parameters(), { lr: opt.lr });
  const losses: number[] = [];
  const psnr: number[] = [];

  async function train(): Promise<void> {
    for (const batch of trainingDataLoader) {
      const [input, target] = [batch[0].to(opt.dtype), batch[1].to(opt.dtype)];

      optimizer.zeroGrad();
      const loss = criterion.call(model.call(input), target);
      loss.backward();
      optimizer.step();
      losses.push(await loss.item());
    }
  }

  async function test(): Promise<void> {
    let avgPsnr = 0;
    for (const batch of testingDataLoader) {
      const [input, target] = [batch[0].to(opt.dtype), batch[1].to(opt.dtype)];
      const mse = noGrad(() => criterion.call(model.call(input), target));
      avgPsnr += 10 * Math.log10(1 / (await mse.item()));
    }
    psnr.push(avgPsnr / testingDataLoader.length);
  }

  for (let epoch = 1; epoch <= opt.nEpochs; epoch++) {
    await train();
    await test();
  }
  return { losses, psnr, model };
}

// ---- super_resolve.py -------------------------------------------------------------------------------------------------

/** The image of [height, width] larger, in bytes. */
export async function superResolve(model: Net, y: Tensor): Promise<Uint8Array> {
  const input = toTensor(y).view(1, -1, y.size(0), y.size(1));
  let out = noGrad(() => model.call(input));
  out = await out.cpu();
  let outImgY = out.at(0);
  outImgY = outImgY.mul(255);
  outImgY = outImgY.clip(0, 255);
  return (await outImgY.at(0).to("uint8").array()) as Uint8Array;
}
