// Elements put in order, and those that stand at a rank.
import "../indexing/index.ts";
import "../math/index.ts";
import "./face.ts";
import { install } from "../install.ts";
import * as order from "./order.ts";
import * as quantiles from "./quantiles.ts";
import * as ranks from "./ranks.ts";

install(order, quantiles, ranks);
