// Every kit.
import "./activation/index.ts";
import "./adam/index.ts";
import "./counting/index.ts";
import "./gating/index.ts";
import "./bags/index.ts";
import "./indexing/index.ts";
import "./linalg/index.ts";
import "./loss/index.ts";
import "./math/index.ts";
import "./norm/index.ts";
import "./random/index.ts";
import "./rearranging/index.ts";
import "./sgd/index.ts";
import "./vision/index.ts";
import "./sorting/index.ts";
import "./special/index.ts";
import "./window/index.ts";
