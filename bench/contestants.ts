/** Who takes part, in the order of the table. */

/** One contestant of the table. */
export interface ContestantInfo {
  readonly name: string;
  readonly title: string;
  /** Runs on WebGPU: its calls are counted and its rates compared with the roofline. */
  readonly gpu: boolean;
  /** npm packages whose versions are reported; none for what this repository holds. */
  readonly packages: readonly string[];
  /** Its results must be right, or the run fails. */
  readonly ours: boolean;
}

const peer = (name: string, title: string, gpu: boolean, packages: readonly string[]): ContestantInfo => ({
  name,
  title,
  gpu,
  packages,
  ours: false,
});

export const CONTESTANTS: readonly ContestantInfo[] = [
  { name: "wengert", title: "wengert webgpu", gpu: true, packages: [], ours: true },
  peer("raw", "hand-written WGSL", true, []),
  peer("jax-webgpu", "jax-js webgpu (jit)", true, ["@jax-js/jax"]),
  peer("tfjs-webgpu", "tfjs webgpu", true, ["@tensorflow/tfjs-core", "@tensorflow/tfjs-backend-webgpu"]),
  { name: "wengert-cpu", title: "wengert cpu", gpu: false, packages: [], ours: true },
  peer("js", "typed-array loops", false, []),
  peer("jax-wasm", "jax-js wasm (jit)", false, ["@jax-js/jax"]),
  peer("tfjs-wasm", "tfjs wasm", false, ["@tensorflow/tfjs-core", "@tensorflow/tfjs-backend-wasm"]),
  peer("tfjs-cpu", "tfjs cpu", false, ["@tensorflow/tfjs-core", "@tensorflow/tfjs-backend-cpu"]),
];
