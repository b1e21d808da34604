// A learner for every model.
import type { Digits } from "../mnist/digits.ts";
import type { ModelName as DigitsModel } from "../mnist/model-names.ts";
import type { Learner } from "../mnist/learner.ts";
import { Trainer } from "../mnist/trainer.ts";
import { ClassifierTask } from "../models/classifier.ts";
import { DcganTask } from "../models/dcgan.ts";
import { PINN, PinnTask } from "../models/pinn.ts";
import { resnet18 } from "../models/resnet.ts";
import { UnetTask } from "../models/segmentation.ts";
import type { Task } from "../models/task.ts";
import { UNet } from "../models/unet.ts";
import { VAE, VaeTask } from "../models/vae.ts";
import { WganGpTask } from "../models/wgan-gp.ts";
import { isDigitsModel, type ModelName, modelOf } from "./models.ts";
import type { RunOptions } from "./options.ts";
import { digitSets, noSamples } from "./samples.ts";
import { TaskTrainer } from "./task-trainer.ts";

const tasks: Readonly<Record<Exclude<ModelName, DigitsModel>, (width: number, batch: number) => Task>> = {
  resnet: (width) => new ClassifierTask(resnet18({ width })),
  unet: (width) => new UnetTask(new UNet(width)),
  vae: (width) => new VaeTask(new VAE(width)),
  dcgan: (width) => new DcganTask({ ngf: width, ndf: width }),
  "wgan-gp": (width) => new WganGpTask({ width }),
  pinn: (width, batch) => new PinnTask(new PINN(width), batch),
};

/** A fresh learner on the default device; `digits` may be left out for a model that draws its samples itself. */
export function learnerFor(options: RunOptions, digits?: Digits): Learner {
  const { model, seed, batch, lr, epochs, limit, width } = options;
  const { points, decays } = modelOf(model);
  const batches = Math.ceil((points === undefined ? digits!.train.count : (limit ?? points)) / batch);
  const decaySteps = batches * epochs;
  if (isDigitsModel(model)) return new Trainer(digits!, { model, seed, batchSize: batch, learningRate: lr, decaySteps });
  const samples = points === undefined ? digitSets(digits!) : noSamples(batches * batch);
  return new TaskTrainer(() => tasks[model](width!, batch), samples, { seed, batch, lr, ...(decays !== false && { decaySteps }) });
}
