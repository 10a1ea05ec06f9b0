/** `npm run bench -- NAME`: finds the benchmark, prints what it found. */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Bench } from './bench.ts';
import { describeMachine, machine } from './report/machine.ts';

const benches: Record<string, () => Promise<{ bench: Bench }>> = {
  gateway: () => import('./gateway.ts'),
  streams: () => import('./streams.ts'),
  memory: () => import('./memory.ts'),
  spool: () => import('./spool.ts'),
  meter: () => import('./meter.ts'),
  budgets: () => import('./budgets.ts'),
  exporters: () => import('./exporters.ts'),
};

const overview = async (): Promise<string> => {
  const rows = await Promise.all(
    Object.entries(benches).map(async ([name, load]) => `  ${name.padEnd(10)} ${(await load()).bench.summary}`),
  );
  return `Usage: npm run bench -- NAME [options]

${rows.join('\n')}

Options:
  --quick       shorter and rougher
  --json FILE   writes everything measured, block by block

docs/performance.md tells how it is measured. The exit code is 1 when answers were wrong or events are missing;
a goal that is missed is only printed.
`;
};

const main = async (): Promise<number> => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      help: { type: 'boolean', short: 'h', default: false },
      quick: { type: 'boolean', default: false },
      json: { type: 'string' },
    },
  });
  const [name] = positionals;
  if (values.help || name === undefined) {
    process.stdout.write(await overview());
    return values.help ? 0 : 2;
  }
  const load = Object.hasOwn(benches, name) ? benches[name] : undefined;
  if (!load || positionals.length > 1) {
    process.stderr.write(`bench: "${positionals.join(' ')}" is none of ${Object.keys(benches).join(', ')}\n`);
    return 2;
  }
  const on = machine();
  process.stdout.write(`${describeMachine(on)}\n\n`);
  const { bench } = await load();
  const { text, sound, result } = await bench.run({ quick: values.quick });
  process.stdout.write(text);
  if (values.json !== undefined)
    writeFileSync(values.json, `${JSON.stringify({ bench: name, machine: on, ...result })}\n`);
  return sound ? 0 : 1;
};

// Ends the ordinary way, so that the data is removed; the other processes end with this one.
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));

process.exitCode = await main();
