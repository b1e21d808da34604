// Sums, means and maxima over bags of embeddings.
import "../indexing/index.ts";
import "./face.ts";
import { install } from "../install.ts";
import * as bags from "./bags.ts";

install(bags);
