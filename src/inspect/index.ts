// wengert/inspect: seeing what an engine does.
export { gradcheck, type GradcheckOptions, gradgradcheck } from "./gradcheck.ts";
export { type Graph, type GraphNode, graphOf, type GraphOptions, toDot } from "./graph.ts";
export { type OpTime, type Profile, profile } from "./profile.ts";
export { type OpReport, selfTest, type SelfTestOptions, type SelfTestReport } from "./selftest.ts";
export { summary, type Summary, type SummaryRow } from "./summary.ts";
export { toSvg } from "./svg.ts";
