// What every tensor can do: element by element, reductions, views, products. All other kits, and autograd itself, build on it.
import { install } from "../methods.ts";
import * as arithmetic from "../ops/arithmetic.ts";
import * as compare from "../ops/compare.ts";
import * as convert from "../ops/convert.ts";
import * as elementwise from "../ops/elementwise.ts";
import * as matmul from "../ops/matmul.ts";
import * as reduce from "../ops/reduce.ts";
import * as view from "../ops/view.ts";

install(arithmetic, compare, convert, elementwise, matmul, reduce, view);
