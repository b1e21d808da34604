// Distances and similarities of vectors.
import "../norm/index.ts";
import "./face.ts";
import { install } from "../install.ts";
import * as distance from "./distance.ts";

install(distance);
