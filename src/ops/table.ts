// The operator table: every export of a family is an operator. Adding an export adds the operator everywhere.
import * as activation from "./activation.ts";
import * as arithmetic from "./arithmetic.ts";
import * as arrange from "./arrange.ts";
import * as blas from "./blas.ts";
import * as compare from "./compare.ts";
import * as conv from "./conv.ts";
import * as convert from "./convert.ts";
import * as convnd from "./convnd.ts";
import * as cut from "./cut.ts";
import * as dropout from "./dropout.ts";
import * as elementwise from "./elementwise.ts";
import * as entropy from "./entropy.ts";
import * as extrema from "./extrema.ts";
import * as finite from "./finite.ts";
import * as fused from "./fused.ts";
import * as gather from "./gather.ts";
import * as indexing from "./indexing.ts";
import * as layout from "./layout.ts";
import * as loss from "./loss.ts";
import * as matmul from "./matmul.ts";
import * as normalize from "./normalize.ts";
import * as pool from "./pool.ts";
import * as random from "./random.ts";
import * as reduce from "./reduce.ts";
import * as rounding from "./rounding.ts";
import * as scan from "./scan.ts";
import * as softmax from "./softmax.ts";
import * as spread from "./spread.ts";
import * as stepping from "./stepping.ts";
import * as strided from "./strided.ts";
import * as transcendental from "./transcendental.ts";
import * as view from "./view.ts";

export const ops = {
  ...activation,
  ...arithmetic,
  ...arrange,
  ...blas,
  ...compare,
  ...conv,
  ...convert,
  ...convnd,
  ...cut,
  ...dropout,
  ...elementwise,
  ...entropy,
  ...extrema,
  ...finite,
  ...fused,
  ...gather,
  ...indexing,
  ...layout,
  ...loss,
  ...matmul,
  ...normalize,
  ...pool,
  ...random,
  ...reduce,
  ...rounding,
  ...scan,
  ...softmax,
  ...spread,
  ...stepping,
  ...strided,
  ...transcendental,
  ...view,
};
