/** Plain typed-array loops on one thread: what one gets without any library. */
import type { Contestant } from "../contestant.ts";
import { loopsSessions } from "../loops-sessions.ts";

export const contestant: Contestant = {
  async init() {},
  prepare: loopsSessions((count) => new Float32Array(count)),
};
