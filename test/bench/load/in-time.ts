/** Answers that never come must not hold up the run. */
const graceMs = 20_000;
const longestMs = 600_000;

/** Rejects with the complaint when the work lasts 20 s longer than expected; with nothing expected, after ten minutes. */
export const inTime = async (
  work: Promise<void>,
  expectedMs: number | null,
  complaint: () => string,
): Promise<void> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((_, reject) => {
    timer = setTimeout(() => reject(new Error(complaint())), expectedMs === null ? longestMs : expectedMs + graceMs);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
};
