// Losses that ask for margins.
import "../activation/index.ts";
import "../distance/index.ts";
import "../indexing/index.ts";
import "./face.ts";
import { install } from "../install.ts";
import * as margin from "./margin.ts";
import * as multiclass from "./multiclass.ts";

install(margin, multiclass);
