import { engineContestant } from "./engine.ts";

export const contestant = engineContestant("cpu");
