// Tensors stacked, split, turned, and written into others.
import "../indexing/index.ts";
import "./face.ts";
import { install } from "../install.ts";
import * as aliases from "./aliases.ts";
import * as differences from "./differences.ts";
import * as fitting from "./fitting.ts";
import * as inlays from "./inlays.ts";
import * as splitting from "./splitting.ts";
import * as stacking from "./stacking.ts";
import * as turning from "./turning.ts";

install(aliases, differences, fitting, inlays, splitting, stacking, turning);
