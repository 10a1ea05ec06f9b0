/** What the process needs of the machine, under the names that every Prometheus client uses. */
import packageJson from '../../package.json' with { type: 'json' };
import type { Family } from './exposition.ts';

export const processFamilies = (): Family[] => {
  const { user, system } = process.cpuUsage();
  const one = (name: string, type: Family['type'], help: string, value: number, labels = {}): Family => ({
    name,
    type,
    help,
    samples: [{ labels, value }],
  });
  return [
    one('llm_audit_build_info', 'gauge', 'Always 1; the versions are its labels.', 1, {
      version: packageJson.version,
      node: process.version,
    }),
    one('process_start_time_seconds', 'gauge', 'When the process started.', Date.now() / 1000 - process.uptime()),
    one('process_cpu_seconds_total', 'counter', 'CPU time of the process, all threads.', (user + system) / 1e6),
    one('process_resident_memory_bytes', 'gauge', 'Memory of the process.', process.memoryUsage.rss()),
  ];
};
