// Products of operands of fixed ranks, over chosen dimensions, and of many operands; norms of matrices, distances.
import "../indexing/index.ts";
import "../norm/index.ts";
import "./face.ts";
import { install } from "../install.ts";
import * as aliases from "./aliases.ts";
import * as bilinear from "./bilinear.ts";
import * as blas from "./blas.ts";
import * as chains from "./chains.ts";
import * as einsum from "./einsum.ts";
import * as matrices from "./matrices.ts";
import * as vectors from "./vectors.ts";

install(aliases, bilinear, blas, chains, einsum, matrices, vectors);
