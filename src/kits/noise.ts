// Random numbers from counters, and dropout.
import "./core.ts";
import { install } from "../methods.ts";
import * as dropout from "../ops/dropout.ts";
import * as random from "../ops/random.ts";

install(dropout, random);
