// The step of all optimisers.
import "./core.ts";
import { install } from "../methods.ts";
import * as stepping from "../ops/stepping.ts";

install(stepping);
