// Convolutions and pools.
import "../indexing/index.ts";
import "./face.ts";
import { install } from "../install.ts";
import * as chosen from "./chosen.ts";
import * as conv from "./conv.ts";
import * as convnd from "./convnd.ts";
import * as fold from "./fold.ts";
import * as pool from "./pool.ts";
import * as powers from "./powers.ts";

install(chosen, conv, convnd, fold, pool, powers);
