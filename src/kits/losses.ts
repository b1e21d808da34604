// Losses, and softmax.
import "./maths.ts";
import "./indexing.ts";
import { install } from "../methods.ts";
import * as entropy from "../ops/entropy.ts";
import * as loss from "../ops/loss.ts";
import * as softmax from "../ops/softmax.ts";

install(entropy, loss, softmax);
