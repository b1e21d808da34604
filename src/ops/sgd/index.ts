// The step of SGD.
import "../core/index.ts";
import "./face.ts";
import { install } from "../install.ts";
import * as sgd from "./sgd.ts";

install(sgd);
