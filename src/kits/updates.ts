// The optimisers' steps.
import "./core.ts";
import { install } from "../methods.ts";
import * as update from "../ops/update.ts";

install(update);
