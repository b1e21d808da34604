// What every tensor can do: element by element, reductions, views, products. All other kits, and autograd itself, build on it.
import "./face.ts";
import { install } from "../install.ts";
import * as aliases from "./aliases.ts";
import * as arithmetic from "./arithmetic.ts";
import * as compare from "./compare.ts";
import * as convert from "./convert.ts";
import * as elementwise from "./elementwise.ts";
import * as matmul from "./matmul.ts";
import * as reduce from "./reduce.ts";
import * as view from "./view.ts";

install(aliases, arithmetic, compare, convert, elementwise, matmul, reduce, view);
