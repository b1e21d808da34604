/** The page a contestant runs in: puts the driver where the runner can call it. */
import { createDriver } from "./driver.ts";
import type { Driver } from "./driver.ts";

declare global {
  var benchDriver: Driver;
}

globalThis.benchDriver = createDriver();
