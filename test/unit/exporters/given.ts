/** Given things: records, a directory that goes away with the test, a clock that only moves when told. */
import { existsSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Surroundings } from '../../../exporters/kind.ts';
import type { Log } from '../../../exporters/log.ts';
import type { Clock } from '../../../exporters/pipeline/clock.ts';
import type { Stored } from '../../../exporters/spool/record.ts';
import type { AuditRecord } from '../../../schemas/record.ts';

const temporary = (t: TestContext, root: string): string => {
  const path = mkdtempSync(join(root, 'llm-audit-test-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
};

const memory = '/dev/shm';
const isRoomy = existsSync(memory) && statfsSync(memory).bavail * statfsSync(memory).bsize > 1024 ** 3;

/** In memory where there is such a place: thousands of syncs would measure the disk. */
export const folder = (t: TestContext): string => temporary(t, isRoomy ? memory : tmpdir());

/** On a real disk. */
export const diskFolder = (t: TestContext): string => temporary(t, tmpdir());

export const record = (number: number, fields: object = {}): AuditRecord => {
  const id = `event-${String(number).padStart(6, '0')}`;
  return {
    id,
    at: 1_700_000_000_000 + number,
    kind: 'LLMUsageAudit',
    body: JSON.stringify({ '@id': id, audit: 'LLMUsageAudit', number, ...fields }),
  };
};

export const stored = (seq: number, fields: object = {}): Stored => ({ seq, ...record(seq, fields) });

export const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);

/** Collects what was logged. */
export const logbook = (): { log: Log; lines: string[] } => {
  const lines: string[] = [];
  return { lines, log: (level, message, facts) => lines.push(`${level} ${message} ${JSON.stringify(facts ?? {})}`) };
};

/** Time stands still but in `pass`, which runs what falls due, in order, with the promises in between. */
export const stillClock = (): Clock & { pass(milliseconds: number): Promise<void> } => {
  let now = 1_700_000_000_000;
  let timers: { at: number; run: () => void }[] = [];
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  return {
    now: () => now,
    ticks: () => now,
    after: (milliseconds, run) => {
      const timer = { at: now + milliseconds, run };
      timers.push(timer);
      return () => {
        timers = timers.filter((other) => other !== timer);
      };
    },
    pass: async (milliseconds) => {
      const end = now + milliseconds;
      for (;;) {
        await settle();
        const [next] = timers.filter(({ at }) => at <= end).sort((one, other) => one.at - other.at);
        if (!next) break;
        timers = timers.filter((other) => other !== next);
        now = Math.max(now, next.at);
        next.run();
      }
      now = end;
    },
  };
};

/** Resolves once it is so; fails after ten seconds. For what real sockets and disks do in their own time. */
export const eventually = async (isSo: () => boolean): Promise<void> => {
  const deadline = Date.now() + 10_000;
  while (!isSo()) {
    if (Date.now() > deadline) throw new Error(`not within ten seconds: ${isSo}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};

/** What a destination is opened with. */
export const surroundings = (more: Partial<Surroundings> = {}): Surroundings => ({
  id: 'under-test',
  timeout: 1_000,
  now: Date.now,
  log: () => {},
  ...more,
});
