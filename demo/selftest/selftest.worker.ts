// The worker that runs every operator.
import * as comlink from "comlink";
import { init, selfTest } from "../../src/index.ts";
import { bounds } from "../../src/inspect/selftest.ts";
import type { DeviceChoice, TestApi, TestUpdates } from "./protocol.ts";

const api: TestApi = {
  async run(device: DeviceChoice, updates: TestUpdates) {
    const { device: chosen, name, reason } = await init({ device });
    updates.begun({ device: chosen, name, ...(reason !== undefined && { reason }) }, { ...bounds });
    const { passed, failed } = await selfTest({ device: chosen, onProgress: (row, done, total) => updates.tested(row, done, total) });
    return { passed, failed };
  },
};
comlink.expose(api);
