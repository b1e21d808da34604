// Makes a failing program small: fewer steps, simpler values, smaller shapes, as long as it fails in the same way.
import { check } from "./check.ts";
import type { Difference } from "./compare.ts";
import { type Argument, isRef, type Program, refsIn, type Step } from "./program.ts";

type Fails = (program: Program) => Promise<Difference | undefined>;

const stepsOf = (step: Step): string[] => [step.name, ...(step.body?.map(({ name }) => name) ?? [])];

/** The steps without those of `gone` and all that needs them. */
function without(steps: readonly Step[], gone: ReadonlySet<string>): Step[] {
  const lost = new Set(gone);
  const kept: Step[] = [];
  for (const step of steps) {
    const needs = (s: Step): boolean => refsIn(s.args).some((name) => lost.has(name.split(".")[0]!));
    if (lost.has(step.name) || (!step.body && needs(step))) {
      for (const name of stepsOf(step)) lost.add(name);
      continue;
    }
    if (!step.body) kept.push(step);
    else {
      const body = without(step.body, lost);
      for (const { name } of step.body) if (!body.some((s) => s.name === name)) lost.add(name);
      const args = step.args.filter((arg) => isRef(arg) && !lost.has(arg.$.split(".")[0]!));
      if (body.length > 0) kept.push({ ...step, body, args });
    }
  }
  return kept;
}

/** Simpler forms of an argument, the simplest first. */
function* simpler(value: Argument): Generator<Argument> {
  if (typeof value === "number") {
    for (const v of [0, 1, 2, Math.round(value)]) if (!Object.is(v, value)) yield v;
  } else if (Array.isArray(value)) {
    for (const [i, item] of (value as Argument[]).entries()) for (const v of simpler(item)) yield value.with(i, v) as Argument;
  } else if (typeof value === "object" && value !== null && !isRef(value)) {
    for (const key of Object.keys(value)) {
      const { [key]: item, ...rest } = value as Record<string, Argument>;
      yield rest;
      for (const v of simpler(item)) yield { ...rest, [key]: v };
    }
  }
}

/** Simpler leaves: no gradient, equal or whole contents, one size of every leaf that has it made smaller. */
function* simplerLeaf(step: Step): Generator<Step> {
  const [shape, kind, data, grad] = step.args as [number[], string, number[], boolean];
  if (grad) yield { ...step, args: [shape, kind, data, false] };
  const maps: ((v: number, i: number) => number)[] = [() => 1, (_, i) => i + 1, (v) => Math.round(v), (v) => Math.round(v * 4) / 4];
  for (const map of maps) {
    const next = data.map(map);
    if (next.some((v, i) => !Object.is(v, data[i]))) yield { ...step, args: [shape, kind, next, grad] };
  }
}

/** Every leaf that has this size in a dimension, cut to a smaller one there. */
function shrunk(steps: readonly Step[], size: number, to: number): Step[] {
  return steps.map((step) => {
    if (step.op !== "leaf") return step;
    const [shape, kind, data, grad] = step.args as [number[], string, number[], boolean];
    if (!shape.includes(size)) return step;
    const next = shape.map((d) => (d === size ? to : d));
    const total = next.reduce((n, d) => n * d, 1);
    return { ...step, args: [next, kind, data.slice(0, total), grad] };
  });
}

function* candidates(program: Program): Generator<Program> {
  const { steps } = program;
  for (let width = steps.length >> 1; width >= 1; width >>= 1)
    for (let at = steps.length - width; at >= 0; at -= width) {
      const gone = new Set(steps.slice(at, at + width).map(({ name }) => name));
      yield { ...program, steps: without(steps, gone) };
    }
  for (const [i, step] of steps.entries()) {
    if (step.body) {
      yield { ...program, steps: steps.toSpliced(i, 1, ...step.body) };
      for (const { name } of step.body) yield { ...program, steps: without(steps, new Set([name])) };
    }
    if (step.noGrad) yield { ...program, steps: steps.with(i, { name: step.name, op: step.op, args: step.args }) };
  }
  if (program.second) yield { ...program, second: false };
  const sizes = new Set(steps.flatMap(({ op, args }) => (op === "leaf" ? (args[0] as number[]) : [])));
  for (const size of [...sizes].filter((d) => d > 1)) for (const to of [1, 2]) if (to < size) yield { ...program, steps: shrunk(steps, size, to) }; // prettier-ignore
  for (const [i, step] of steps.entries())
    if (step.op === "leaf") for (const next of simplerLeaf(step)) yield { ...program, steps: steps.with(i, next) };
    else if (!step.body) for (const args of simpler(step.args)) yield { ...program, steps: steps.with(i, { ...step, args: args as Argument[] }) }; // prettier-ignore
}

/** A smaller program that fails in the same way, after at most `budget` tries. */
export async function minimise(
  program: Program,
  difference: Difference,
  budget = 400,
  fails: Fails = check,
): Promise<[Program, Difference]> {
  let best: [Program, Difference] = [program, difference];
  const seen = new Set<string>();
  for (let tries = 0, smaller = true; smaller && tries < budget;) {
    smaller = false;
    for (const next of candidates(best[0])) {
      const key = JSON.stringify([next.steps, next.second]);
      if (next.steps.length === 0 || seen.has(key)) continue;
      seen.add(key);
      if (++tries > budget) break;
      const found = await fails(next);
      if (found?.kind !== difference.kind) continue;
      best = [next, found];
      smaller = true;
      break;
    }
  }
  return best;
}
