// The CPU gives PyTorch's numbers, whoever runs the script.
import { describe } from "vitest";
import { conformance } from "./conformance.ts";

describe("on cpu", () => conformance("cpu"));
