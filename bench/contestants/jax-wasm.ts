import { jaxContestant } from "./jax.ts";

export const contestant = jaxContestant("wasm");
