// Index tables of kernels, kept by key as far as a budget of bytes goes: those used longest ago go first.
import type { TypedArray } from "../../base/dtype.ts";
import { sizeOf } from "../../base/shape.ts";
import type { View } from "../device.ts";
import { ledger } from "../ledger.ts";

export interface Tables {
  /** The table under `key`, made on first use. */
  get(key: string, make: () => TypedArray): View;
  /** Gives tables back until the rest is within the budget. Not while an operator that asked for some has still to record its launches. */
  trim(): void;
  /** Gives all of them back: the device is lost. */
  clear(): void;
}

const bytesOf = ({ shape }: View): number => 4 * sizeOf(shape);

/** Beside large tensors tables may take more. */
const usualBudget = (): number => Math.max(16 << 20, ledger.gpu.peak / 8);

/** `upload` makes a table of host data; one that is not `sound` any more is made anew. `budget` is in bytes. */
export function tablesOf(upload: (data: TypedArray) => View, sound: (table: View) => boolean, budget = usualBudget): Tables {
  /** In the order of their last use. */
  const byKey = new Map<string, View>();
  let bytes = 0;

  function drop(key: string, table: View): void {
    byKey.delete(key);
    bytes -= bytesOf(table);
    table.storage.release();
  }

  return {
    get(key, make) {
      let table = byKey.get(key);
      if (table && !sound(table)) {
        drop(key, table);
        table = undefined;
      }
      if (table) byKey.delete(key);
      else bytes += bytesOf((table = upload(make())));
      byKey.set(key, table);
      return table;
    },
    trim() {
      const limit = budget();
      for (const [key, table] of byKey) {
        if (bytes <= limit) return;
        drop(key, table);
      }
    },
    clear() {
      for (const [key, table] of byKey) drop(key, table);
    },
  };
}
