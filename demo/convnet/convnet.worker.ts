// The worker that trains: a Session behind comlink, with the numbers of every update handed over instead of copied.
import * as comlink from "comlink";
import type { Config, Listener, SessionApi, Update } from "./protocol.ts";
import { Session } from "./session.ts";

/** The buffers of all typed arrays in an update, however deep. */
function buffersIn(value: unknown): ArrayBuffer[] {
  if (ArrayBuffer.isView(value)) return [value.buffer as ArrayBuffer];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(buffersIn) : [];
}

const session = new Session();
const handingOver =
  (listener: Listener): Listener =>
  (update: Update) =>
    listener(comlink.transfer(update, buffersIn(update)));

const api: SessionApi = {
  start: (config: Config, listener?: Listener) => session.start(config, listener && handingOver(listener)),
  pause: () => session.pause(),
  resume: () => session.resume(),
  step: () => session.step(),
  setLearningRate: (value) => session.setLearningRate(value),
  setBatchSize: (value) => session.setBatchSize(value),
  setProbe: (pixels) => session.setProbe(pixels),
  heldOutDigit: (index) => session.heldOutDigit(index),
  weights: () => session.weights(),
};
comlink.expose(api);
