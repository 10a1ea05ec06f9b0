/** The simulator's time, epoch seconds. It stands still so that answers repeat. */
export const now = 1_760_000_000;
