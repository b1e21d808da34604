// Products of operands of fixed ranks.
import "../core/index.ts";
import "./face.ts";
import { install } from "../install.ts";
import * as aliases from "./aliases.ts";
import * as bilinear from "./bilinear.ts";
import * as blas from "./blas.ts";

install(aliases, bilinear, blas);
