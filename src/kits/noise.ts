// Random numbers drawn into tensors, and dropout.
import "./core.ts";
import { install } from "../methods.ts";
import * as draw from "../ops/draw.ts";
import * as dropout from "../ops/dropout.ts";
import * as random from "../ops/random.ts";

install(draw, dropout, random);
