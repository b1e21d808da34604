// Losses.
import "../activation/index.ts";
import "../indexing/index.ts";
import "./face.ts";
import { install } from "../install.ts";
import * as entropy from "./entropy.ts";
import * as likelihood from "./likelihood.ts";
import * as loss from "./loss.ts";

install(entropy, likelihood, loss);
