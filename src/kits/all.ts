// Every operator of the table.
import "./losses.ts";
import "./noise.ts";
import "./norms.ts";
import "./updates.ts";
import "./windows.ts";
