// Random numbers, from counters and from the host's generator, and dropout.
import "../core/index.ts";
import "./face.ts";
import { install } from "../install.ts";
import * as dropout from "./dropout.ts";
import * as filling from "./filling.ts";
import * as random from "./random.ts";

install(dropout, filling, random);
