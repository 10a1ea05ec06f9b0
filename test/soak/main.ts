/**
 * `npm run soak`: an outage in real time, then the verdict. `--minutes 10 --rate 500` are the defaults; `--dir` is the place of
 * the data directory (a temporary one when absent). Exit code 1 when an accepted event is missing.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { outage } from '../crash/oracle/outage.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    rate: { type: 'string', default: '500' },
    dir: { type: 'string', default: tmpdir() },
  },
});
const seconds = Number(values.minutes) * 60;
const rate = Number(values.rate);
const dir = mkdtempSync(join(values.dir, 'llm-audit-soak-'));

const tidy: (() => void)[] = [() => rmSync(dir, { recursive: true, force: true })];
const begun = Date.now();
const say = (line: string): void => {
  process.stderr.write(`${String(Math.round((Date.now() - begun) / 1_000)).padStart(5)} s  ${line}\n`);
};
const inMiB = (bytes: number): string => `${Math.round(bytes / 1024 ** 2)} MiB`;

say(`${rate} events a second, destination down for ${values.minutes} minutes, kill -9 in the middle and at the end`);
const order = { dir, seconds, around: Math.min(30, seconds / 10), rate, say };
const { verdict, bystander, ...report } = await outage({ after: (end) => tidy.unshift(end as () => void) }, order);
const rows = {
  accepted: verdict.accepted,
  'arrived at the webhook': verdict.delivered,
  'lost at the webhook': verdict.missing.length,
  'lost at the file': bystander.missing.length,
  'arrived twice at the webhook': verdict.repeated,
  'arrived twice at the file': bystander.repeated,
  'dead letters (poison)': verdict.deadLettered,
  'waiting at the end of the outage': report.backlog,
  'spool then': inMiB(report.spool),
  'caught up after': `${report.catchUp.toFixed(1)} s, events still coming`,
  restarts: report.restarts.map((time) => `${Math.round(time)} ms`).join(', '),
  memory: `${inMiB(report.memory.before)} before, ${inMiB(report.memory.most)} at most`,
  'open files': `${report.descriptors.before} before, ${report.descriptors.most} at most`,
};
for (const [name, value] of Object.entries(rows)) process.stdout.write(`${name.padEnd(34)} ${value}\n`);
for (const end of tidy) end();
process.exit(verdict.missing.length + bystander.missing.length > 0 ? 1 : 0);
