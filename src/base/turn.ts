// Waiting for a turn of the event loop.

/** Lets the tasks that stand in line run, the collector's among them. Timers would do the same, but sleep in pages that nobody sees. */
export const turn = (): Promise<void> =>
  new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(0);
  });

/** An answer that may be ignored, and then fails in silence: pages show a loss now and then without waiting for it, also on a lost device. */
export function quiet<T>(answer: Promise<T>): Promise<T> {
  answer.catch(() => undefined);
  return answer;
}
