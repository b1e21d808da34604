// Data sets, their order, and batches of them.
export { Generator, manualSeed } from "../base/random.ts";
export { type Collated, type Dataset, TensorDataset } from "./dataset.ts";
export { DataLoader, defaultCollate, type LoaderOptions } from "./loader.ts";
export { BatchSampler, RandomSampler, type Sampler, SequentialSampler } from "./sampler.ts";
export { randomSplit, Subset, SubsetRandomSampler } from "./subset.ts";
