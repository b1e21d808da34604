// Values looked up, counted in bins, folded together and written by masks; what runs along a dimension.
import "../indexing/index.ts";
import "../norm/index.ts";
import "./face.ts";
import { install } from "../install.ts";
import * as combining from "./combining.ts";
import * as folding from "./folding.ts";
import * as histogram from "./histogram.ts";
import * as running from "./running.ts";
import * as searching from "./searching.ts";

install(combining, folding, histogram, running, searching);
