// Activation functions, softmax among them.
import "../math/index.ts";
import "./face.ts";
import { install } from "../install.ts";
import * as activation from "./activation.ts";
import * as piecewise from "./piecewise.ts";
import * as softmax from "./softmax.ts";

install(activation, piecewise, softmax);
