// Choosing, joining and rearranging elements; scans; the largest and their places; printing.
import "./core.ts";
import { extend, install } from "../methods.ts";
import * as arrange from "../ops/arrange.ts";
import * as cut from "../ops/cut.ts";
import * as extrema from "../ops/extrema.ts";
import * as gather from "../ops/gather.ts";
import * as indexing from "../ops/indexing.ts";
import * as layout from "../ops/layout.ts";
import * as scan from "../ops/scan.ts";
import * as strided from "../ops/strided.ts";
import { printing } from "../print.ts";
import { selections } from "../selection.ts";

install(arrange, cut, extrema, gather, indexing, layout, scan, strided);
extend(selections);
extend(printing);
