// Images in other sizes, shapes and places.
import "../math/index.ts";
import "../window/index.ts";
import "./face.ts";
import { install } from "../install.ts";
import * as grid from "./grid.ts";
import * as interpolate from "./interpolate.ts";
import * as shuffle from "./shuffle.ts";

install(grid, interpolate, shuffle);
