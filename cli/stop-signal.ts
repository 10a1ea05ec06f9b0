/** How a long-running command learns that it must end. */

type Stop = 'SIGINT' | 'SIGTERM';

/** What a shell reports for a process that a signal ended: 128 + its number. */
const exitCode = { SIGINT: 130, SIGTERM: 143 } as const;

/** Resolves at the first SIGINT or SIGTERM; a second one ends the process at once. */
export const stopSignal = (): Promise<void> =>
  new Promise((resolve) => {
    let asked = false;
    const stop = (signal: Stop): void => {
      if (asked) process.exit(exitCode[signal]);
      asked = true;
      resolve();
    };
    process.on('SIGINT', stop).on('SIGTERM', stop);
  });
