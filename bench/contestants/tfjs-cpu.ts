import "@tensorflow/tfjs-backend-cpu";
import { tfjsContestant } from "./tfjs.ts";

export const contestant = tfjsContestant("cpu");
