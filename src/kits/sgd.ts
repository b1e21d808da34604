// The step of stochastic gradient descent.
import "./core.ts";
import { install } from "../methods.ts";
import * as sgd from "../ops/sgd.ts";

install(sgd);
