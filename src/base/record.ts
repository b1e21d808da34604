// Objects whose keys come from outside: from files, dicts, options.

/** An object without a prototype, so that no key (`__proto__`, `constructor`) means anything to it. */
export function record<V>(entries: Iterable<readonly [key: string | number, value: V]> = []): Record<string, V> {
  const fields = Object.create(null) as Record<string, V>;
  for (const [key, value] of entries) fields[key] = value;
  return fields;
}

/** The value itself, or a list of its own for a list: how options and counters are handed out and taken in. */
export const copied = <T>(value: T): T => (Array.isArray(value) ? ([...(value as unknown[])] as T) : value);
