// Activations, products by rank, the functions of analysis (circular, hyperbolic, error functions), rounding, and operators of three operands.
import "./core.ts";
import { install } from "../methods.ts";
import * as activation from "../ops/activation.ts";
import * as blas from "../ops/blas.ts";
import * as finite from "../ops/finite.ts";
import * as fused from "../ops/fused.ts";
import * as rounding from "../ops/rounding.ts";
import * as transcendental from "../ops/transcendental.ts";

install(activation, blas, finite, fused, rounding, transcendental);
