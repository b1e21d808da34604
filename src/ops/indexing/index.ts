// Choosing, joining and rearranging elements; scans; the largest and their places.
import "../core/index.ts";
import "./face.ts";
import { install } from "../install.ts";
import * as aliases from "./aliases.ts";
import * as arrange from "./arrange.ts";
import * as cut from "./cut.ts";
import * as extrema from "./extrema.ts";
import * as gather from "./gather.ts";
import * as indexing from "./indexing.ts";
import * as layout from "./layout.ts";
import * as scan from "./scan.ts";
import * as strided from "./strided.ts";

install(aliases, arrange, cut, extrema, gather, indexing, layout, scan, strided);
