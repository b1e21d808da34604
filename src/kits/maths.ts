// Activations, and the functions of analysis: circular, hyperbolic, error functions.
import "./core.ts";
import { install } from "../methods.ts";
import * as activation from "../ops/activation.ts";
import * as transcendental from "../ops/transcendental.ts";

install(activation, transcendental);
