import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import { tfjsContestant } from "./tfjs.ts";

setWasmPaths("/tfjs-wasm/");

export const contestant = tfjsContestant("wasm");
