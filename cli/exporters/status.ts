/** `llm-audit exporters status`. */
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { DeliveryStats } from '../../exporters/delivery/stats.ts';
import { administrationHelp, administrationOptions, print, withAdministration } from '../administration.ts';
import { type Command, exit } from '../command.ts';
import { stopSignal } from '../stop-signal.ts';
import { integer } from '../table.ts';
import { exporterTable } from './table.ts';

export const command: Command = {
  summary: 'where each exporter stands',
  help: `Usage: llm-audit exporters status [options]

For each exporter: how many events it accepted and what became of them (accepted = delivered + duplicate + filtered + dead
letters + dropped + pending), how old the oldest pending one is, and why it is not delivering. Without a running gateway it
is read from the data directory.

Options:
  --watch          every two seconds, until a signal; once where no gateway runs
${administrationHelp}`,
  run: async (args) => {
    const { values } = parseArgs({
      args,
      options: { ...administrationOptions, watch: { type: 'boolean', default: false } },
    });
    return withAdministration('exporters status', values, async (administration) => {
      const show = async (): Promise<void> => {
        const stats = await administration.ask<DeliveryStats>('GET', '/api/exporters');
        if (values.json && values.watch) process.stdout.write(`${JSON.stringify(stats)}\n`);
        else if (values.json) print(stats);
        else process.stdout.write(`${values.watch && process.stdout.isTTY ? clearScreen : ''}${told(stats)}\n`);
      };
      await show();
      if (!administration.isRunning) process.stderr.write('No gateway runs on this data directory: nothing is sent.\n');
      // Who watches a directory owns it: no gateway could start.
      if (!values.watch || !administration.isRunning) return exit.ok;
      const stopped = new AbortController();
      void stopSignal().then(() => stopped.abort());
      while (await waited(stopped.signal)) await show();
      return exit.ok;
    });
  },
};

/** Milliseconds. */
const betweenLooks = 2_000;

/** False once the signal has come. */
const waited = (signal: AbortSignal): Promise<boolean> => setTimeout(betweenLooks, true, { signal }).catch(() => false);

const clearScreen = '\x1b[2J\x1b[H';

const told = ({ exporters, spool, dead_letters, unwritten, disk_trouble }: DeliveryStats): string =>
  [
    exporters.length === 0 ? 'There is no exporter.' : exporterTable(exporters),
    '',
    `spool: ${size(spool.bytes)} in ${integer(spool.segments)} files${spool.full ? ', FULL: calls are refused' : ''}; ` +
      `dead letters: ${size(dead_letters.bytes)} in ${integer(dead_letters.files)} files`,
    ...(unwritten > 0 ? [`${integer(unwritten)} events wait for the disk`] : []),
    ...(disk_trouble === null ? [] : [`the disk takes nothing: ${disk_trouble}`]),
  ].join('\n');

const size = (bytes: number): string =>
  bytes < 1024 ** 2 ? `${integer(Math.ceil(bytes / 1024))} KiB` : `${integer(Math.round(bytes / 1024 ** 2))} MiB`;
