// Connectionist temporal classification.
import "../activation/index.ts";
import "../indexing/index.ts";
import "./face.ts";
import { install } from "../install.ts";
import * as ctc from "./ctc.ts";

install(ctc);
