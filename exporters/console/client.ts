/** Writes one line per event to the standard output of the process. */
import { closeSync, constants, fstatSync, openSync, write } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Destination } from '../kind.ts';
import { lineOf } from '../pipeline/lines.ts';
import { delivered, retry } from '../pipeline/outcome.ts';
import { errorOutcome } from './outcome.ts';

const newline = 0x0a;
/** Milliseconds until a pipe that is full is tried again. */
const fullPause = 10;

const writeSome = promisify(write);

/**
 * Not process.stdout: from a worker thread that writes in the main thread, which a reader who has stopped reading would
 * block. A pipe is opened once more, so that only our end of it does not block; other kinds of output are used as they are.
 */
const openStdout = (): number => {
  try {
    if (fstatSync(1).isFIFO()) return openSync('/proc/self/fd/1', constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    // Not Linux, or nobody reads any more, which the first write will tell.
  }
  return 1;
};

const isFull = (thrown: unknown): boolean => thrown instanceof Error && 'code' in thrown && thrown.code === 'EAGAIN';

export const open = (): Destination => {
  const fd = openStdout();
  /** The rest of a line that was begun: it comes before anything else. */
  let begun: Buffer = Buffer.alloc(0);
  return {
    lanes: 1,
    send: async (batch, signal) => {
      const text = Buffer.concat([begun, Buffer.from(batch.map(lineOf).join(''))]);
      let done = 0;
      const keepRest = (): void => {
        const within = done === 0 ? begun.length > 0 : text[done - 1] !== newline;
        begun = within ? text.subarray(done, text.indexOf(newline, done) + 1) : Buffer.alloc(0);
      };
      while (done < text.length) {
        try {
          const { bytesWritten } = await writeSome(fd, text, done, text.length - done, null);
          done += bytesWritten;
        } catch (thrown) {
          if (isFull(thrown) && !signal.aborted) {
            await pause(fullPause);
            continue;
          }
          keepRest();
          return signal.aborted ? retry('stopped') : errorOutcome(thrown);
        }
      }
      begun = Buffer.alloc(0);
      return delivered;
    },
    check: async () => {
      try {
        fstatSync(fd);
        return delivered;
      } catch (thrown) {
        return errorOutcome(thrown);
      }
    },
    close: async () => {
      if (fd !== 1) closeSync(fd);
    },
  };
};
