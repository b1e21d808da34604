// Convolutions and pools.
import "./indexing.ts";
import { install } from "../methods.ts";
import * as conv from "../ops/conv.ts";
import * as convnd from "../ops/convnd.ts";
import * as pool from "../ops/pool.ts";

install(conv, convnd, pool);
