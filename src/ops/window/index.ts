// Convolutions and pools.
import "../indexing/index.ts";
import "./face.ts";
import { install } from "../install.ts";
import * as conv from "./conv.ts";
import * as convnd from "./convnd.ts";
import * as pool from "./pool.ts";

install(conv, convnd, pool);
