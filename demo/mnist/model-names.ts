// The networks by name; apart from their layers, so that a page can list them without loading the library.

export const MODEL_NAMES = ["lenet", "mlp", "bnnet"] as const;
export type ModelName = (typeof MODEL_NAMES)[number];

/** What people call them. */
export const MODEL_TITLES: Readonly<Record<ModelName, string>> = {
  lenet: "LeNet-5",
  mlp: "Three linear layers",
  bnnet: "Batch-norm ConvNet",
};

/** A stack of pictures that a network has to show: so many, of this height and width. */
export type Stack = readonly [name: string, count: number, height: number, width: number];

/** What there is to see inside them: the first filters, and the maps after each convolution. Known before they run, so that a page has the room ready. */
export const MODEL_STACKS: Readonly<Record<ModelName, readonly Stack[]>> = {
  lenet: [
    ["first filters", 6, 5, 5],
    ["after convolution 1", 6, 28, 28],
    ["after convolution 2", 16, 10, 10],
  ],
  mlp: [],
  bnnet: [
    ["first filters", 8, 3, 3],
    ["after convolution 1", 8, 28, 28],
    ["after convolution 2", 16, 14, 14],
  ],
};
