// WebGPU's flags by their numbers: a page's globals hold them too, but not every host of an adopted device has those.
export const usage = { mapRead: 1, copySrc: 4, copyDst: 8, uniform: 64, storage: 128 } as const;
export const readMode = 1;
export const computeStage = 4;
