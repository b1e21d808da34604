// The operator table: every export of a family is an operator. Adding an export adds the operator everywhere.
import * as elementwise from "./elementwise.ts";
import * as pool from "./pool.ts";
import * as reduce from "./reduce.ts";
import * as view from "./view.ts";

export const ops = { ...elementwise, ...pool, ...reduce, ...view };
