// Norms, variances and covariances, and normalisation by them.
import "../indexing/index.ts";
import "./face.ts";
import { install } from "../install.ts";
import * as grouped from "./grouped.ts";
import * as normalize from "./normalize.ts";
import * as spread from "./spread.ts";
import * as statistics from "./statistics.ts";

install(grouped, normalize, spread, statistics);
