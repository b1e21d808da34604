// Random numbers, from counters and from the host's generator, and dropout.
import "../core/index.ts";
import { install } from "../install.ts";
import * as dropout from "./dropout.ts";
import * as filling from "./filling.ts";
import * as random from "./random.ts";
import "./face.ts";

install(dropout, filling, random);
