// Special functions: gamma, incomplete gamma and zeta, Bessel's, those of the normal distribution.
import "../math/index.ts";
import "./face.ts";
import { install } from "../install.ts";
import * as aliases from "./aliases.ts";
import * as bessel from "./bessel.ts";
import * as gamma from "./gamma.ts";
import * as incomplete from "./incomplete.ts";
import * as normal from "./normal.ts";

install(aliases, bessel, gamma, incomplete, normal);
