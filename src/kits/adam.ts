// The step of Adam.
import "./core.ts";
import { install } from "../methods.ts";
import * as adam from "../ops/adam.ts";

install(adam);
