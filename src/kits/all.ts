// Every operator of the table.
import "./losses.ts";
import "./noise.ts";
import "./norms.ts";
import "./stepping.ts";
import "./windows.ts";
