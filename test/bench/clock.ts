/** Milliseconds with a fraction on the monotonic clock that all processes of one machine share. */
export const now = (): number => {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
};
