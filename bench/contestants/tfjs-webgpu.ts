import * as tf from "@tensorflow/tfjs-core";
import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import "@tensorflow/tfjs-backend-webgpu";
import { tfjsContestant } from "./tfjs.ts";

export const contestant = tfjsContestant("webgpu", async () => {
  const backend = tf.backend() as WebGPUBackend;
  // What is still being recorded must be closed and handed over before the queue can be waited for.
  backend.ensureCommandEncoderReady();
  backend.endComputePassEncoder();
  backend.submitQueue();
  await backend.queue.onSubmittedWorkDone();
});
