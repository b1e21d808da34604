// Every operator of the table.
import "./adam.ts";
import "./losses.ts";
import "./noise.ts";
import "./norms.ts";
import "./sgd.ts";
import "./windows.ts";
