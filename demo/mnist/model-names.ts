// The networks by name; apart from their layers, so that a page can list them without loading the library.

export const MODEL_NAMES = ["lenet", "mlp", "bnnet"] as const;
export type ModelName = (typeof MODEL_NAMES)[number];

/** What people call them. */
export const MODEL_TITLES: Readonly<Record<ModelName, string>> = {
  lenet: "LeNet-5",
  mlp: "Three linear layers",
  bnnet: "Batch-norm ConvNet",
};
