// The register of operators. Kits put their records in; the tensor floor gives each its function and its methods.
import type { AnyOp } from "./op.ts";

/** The records of all operators that kits have brought, by name. */
export const records: Record<string, AnyOp> = {};

/** The operators by their first names: all that there is to test. */
export const firstNames = (): readonly (readonly [name: string, op: AnyOp])[] => Object.entries(records).filter(([, op]) => !op.alias);

type Follower = (name: string, op: AnyOp) => void;
const followers: Follower[] = [];

/** Brings the operators of a kit, whose families are modules that export operators and nothing else. */
export function install(...families: readonly Readonly<Record<string, AnyOp>>[]): void {
  const operators = Object.assign({}, ...families) as Readonly<Record<string, AnyOp>>;
  Object.assign(records, operators);
  for (const [name, op] of Object.entries(operators)) for (const follower of followers) follower(name, op);
}

/** Calls fn with every operator, those that are here and those that come. */
export function eachOperator(fn: Follower): void {
  followers.push(fn);
  for (const [name, op] of Object.entries(records)) fn(name, op);
}
