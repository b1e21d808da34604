// Activation functions that take halves of a tensor, or draws.
import "../activation/index.ts";
import "../indexing/index.ts";
import "../random/index.ts";
import "./face.ts";
import { install } from "../install.ts";
import * as gating from "./gating.ts";

install(gating);
