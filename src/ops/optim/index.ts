// The steps of optimisers.
import "../core/index.ts";
import "./face.ts";
import { install } from "../install.ts";
import * as adam from "./adam.ts";
import * as sgd from "./sgd.ts";

install(sgd, adam);
