// The functions of analysis (circular, hyperbolic, error functions), rounding, bits, and operators of three operands.
import "../core/index.ts";
import "./face.ts";
import { install } from "../install.ts";
import * as aliases from "./aliases.ts";
import * as bits from "./bits.ts";
import * as finite from "./finite.ts";
import * as floats from "./floats.ts";
import * as fused from "./fused.ts";
import * as pairs from "./pairs.ts";
import * as rounding from "./rounding.ts";
import * as transcendental from "./transcendental.ts";

install(aliases, bits, finite, floats, fused, pairs, rounding, transcendental);
