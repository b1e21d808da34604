// The step of Adam and its kin.
import "../core/index.ts";
import "./face.ts";
import { install } from "../install.ts";
import * as adam from "./adam.ts";

install(adam);
