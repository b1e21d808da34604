// Poison: an error belongs to the commands it met. What these would have written carries it, and so does what is computed from that.
import type { PooledBuffer } from "./buffers.ts";
import type { Compiled } from "./pipelines.ts";

/** What one allocation hands out. Buffers are recycled, poison is not. */
export interface Memory {
  buffer: PooledBuffer;
  /** Why the contents are not what they should be. */
  error: Error | undefined;
  /** Its place among the allocations of the device. */
  readonly born: number;
  /** The fill or host write that would make the contents good again, when nothing else was to be in there. */
  refill: Dispatch | Write | undefined;
  /** True while that fill is recorded and has still to be submitted. */
  healing: boolean;
}

/** A step of which either all commands run, or none. */
export interface Transaction {
  /** Memory born from here on was made inside; what is older keeps its contents when the commands do not run. */
  readonly since: number;
  readonly undo: (() => void) | undefined;
  /** Why none of its commands run. */
  error: Error | undefined;
  /** Looked through for poison, once its turn came. */
  examined: boolean;
}

export interface Dispatch {
  readonly name: string;
  readonly compiled: Compiled;
  readonly memories: readonly Memory[];
  /** Values of the parameters, in the kernel's order. */
  readonly params: readonly number[];
  readonly grid: readonly [number, number, number];
  /** Writes every element of its one memory, whatever was there. */
  readonly fills: boolean;
  transaction: Transaction | undefined;
}

/** A copy to the host. */
export interface Read {
  readonly memory: Memory;
  readonly offset: number;
  readonly bytes: number;
  readonly target: PooledBuffer;
  error: Error | undefined;
}

/** Host data for memory that no command before it uses: written ahead of the batch. */
export interface Write {
  readonly memory: Memory;
  readonly data: Float32Array | Float64Array | Int32Array | Uint32Array;
}

export type Command = Dispatch | Read | Write;
export const isRead = (command: Command): command is Read => "target" in command;
export const isWrite = (command: Command): command is Write => "data" in command;
export const isDispatch = (command: Command): command is Dispatch => "compiled" in command;

/** The memory that this command fills, whatever was in there. */
const filled = (command: Command): Memory | undefined => {
  if (isWrite(command)) return command.memory;
  return isDispatch(command) && command.fills ? command.memories[0] : undefined;
};

/** Why this memory cannot be read. */
export const poisonOf = (memory: Memory): Error | undefined => memory.error ?? memory.buffer.error;

/** Why this command cannot run: its kernel, its memory, or what it would read. Memory that is written may be read, too. */
function hindrance(command: Command): Error | undefined {
  if (isRead(command)) return command.error ?? command.target.error ?? poisonOf(command.memory);
  if (isWrite(command)) return command.memory.buffer.error;
  const { compiled, memories, fills } = command;
  if (compiled.error) return compiled.error;
  if (fills) return memories[0]!.buffer.error;
  for (const memory of memories) {
    const error = poisonOf(memory);
    if (error) return error;
  }
  return undefined;
}

/** The command does not run. `since`: what is older than that keeps its contents. */
export function refuse(command: Command, error: Error, since = 0): void {
  if (isRead(command)) {
    command.error ??= error;
    return;
  }
  const whole = filled(command);
  if (whole) {
    whole.error ??= error;
    Object.assign(whole, { refill: command, healing: false });
    return;
  }
  const { compiled, memories, transaction } = command as Dispatch;
  compiled.linked.bindings.forEach(({ write }, i) => {
    const memory = memories[i]!;
    if (!write || memory.born < (transaction?.since ?? since)) return;
    memory.error ??= error;
    memory.refill = undefined;
  });
}

/** Looks through the commands of a transaction, the first of which stands at `from`. Fills in between are nobody's part. */
function examine(commands: readonly Command[], from: number, transaction: Transaction, told: Told): void {
  transaction.examined = true;
  for (let i = from; i < commands.length && !transaction.error; i++) {
    const command = commands[i]!;
    if (!isDispatch(command)) continue;
    const error = hindrance(command);
    if (error && command.fills) refuse(command, error);
    else if (error && command.transaction === transaction) told.abort(transaction, error);
  }
}

/** Who wants to know while commands are looked through. */
export interface Told {
  /** A command cannot run because of this. */
  met(error: Error): void;
  /** None of this transaction can; sets its error. */
  abort(transaction: Transaction, error: Error): void;
}

/**
 * The commands that can run, in their order; poisons what the others would have written.
 * Asked again about commands that have been submitted, it hands on poison that came to be known late.
 */
export function runnable(commands: readonly Command[], told: Told): Command[] {
  return commands.filter((command, i) => {
    const transaction = isDispatch(command) ? command.transaction : undefined;
    if (transaction && !transaction.examined) examine(commands, i, transaction, told);
    const error = transaction?.error ?? hindrance(command);
    if (error) {
      told.met(error);
      refuse(command, error);
    } else {
      const whole = filled(command);
      if (whole) Object.assign(whole, { error: undefined, refill: undefined, healing: false });
    }
    return !error;
  });
}
