// Byte accounting: what is alive, what waits in pools, what was created. Read by memory() and stats().

class Account {
  live = 0;
  peak = 0;
  count = 0;
  add(bytes: number, storages = 1): void {
    this.live += bytes;
    this.count += storages;
    this.peak = Math.max(this.peak, this.live);
  }
  remove(bytes: number): void {
    this.add(-bytes, -1);
  }
  /** Restarts the peak at what is alive now. */
  resetPeak(): void {
    this.peak = this.live;
  }
}

/** `cpu` and `gpu` count bytes of live storages, `pool` all bytes of GPU buffers, `taken` those of buffers in use. */
export const ledger = { cpu: new Account(), gpu: new Account(), pool: new Account(), taken: new Account() };

/** Cumulative counts of GPU work and created objects. */
export const counts = {
  dispatches: 0,
  passes: 0,
  submits: 0,
  buffersCreated: 0,
  bindGroupsCreated: 0,
  pipelinesCreated: 0,
  shadersCreated: 0,
  writes: 0,
  reads: 0,
};
export type Counts = typeof counts;
