// The operators of wengert/extra: every export of these families is one.
import * as activation from "./activation.ts";
import * as arrange from "./arrange.ts";
import * as bits from "./bits.ts";
import * as draw from "./draw.ts";
import * as dropout from "./dropout.ts";
import * as elementwise from "./elementwise.ts";
import * as gather from "./gather.ts";
import * as loss from "./loss.ts";

export const extras = {
  ...activation,
  ...arrange,
  ...bits,
  ...draw,
  ...dropout,
  ...elementwise,
  ...gather,
  ...loss,
};
