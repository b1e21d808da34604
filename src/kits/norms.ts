// Norms, variances, and the layers that normalise by them.
import "./indexing.ts";
import { install } from "../methods.ts";
import * as normalize from "../ops/normalize.ts";
import * as spread from "../ops/spread.ts";

install(normalize, spread);
