/**
 * Mends kafkajs 2.2.4 (the last release): after its first answer every connection sets a timer with a negative time, over
 * and over: a thousand wake-ups a second while nothing happens, and a TimeoutNegativeWarning from Node. Here the timer is
 * set only while requests wait.
 */

interface Queue {
  readonly pending: readonly unknown[];
  /** Epoch milliseconds; -1: the broker has not asked for patience. */
  readonly throttledUntil: number;
  throttleCheckTimeoutId: NodeJS.Timeout | null;
  checkPendingRequests(): void;
  scheduleCheckPendingRequests(): void;
}

/** Milliseconds; kafkajs' own. */
const lookAgain = 10;

/** Once is enough; it holds for all clients of the process. Takes kafkajs' inner class. */
export const mendRequestQueue = (RequestQueue: { readonly prototype: Queue }): void => {
  RequestQueue.prototype.scheduleCheckPendingRequests = function (this: Queue): void {
    if (this.throttleCheckTimeoutId !== null || this.pending.length === 0) return;
    this.throttleCheckTimeoutId = setTimeout(
      () => {
        this.throttleCheckTimeoutId = null;
        this.checkPendingRequests();
      },
      Math.max(lookAgain, this.throttledUntil - Date.now()),
    );
  };
};
