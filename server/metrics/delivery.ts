/** What the delivery tells about itself, as metrics: for each exporter accepted = the sum of its fates + pending. */
import type { DeliveryStats, ExporterStats } from '../../exporters/delivery/stats.ts';
import type { Family, Labels } from './exposition.ts';

const fates = ['delivered', 'duplicate', 'filtered', 'dead_lettered', 'dropped'] as const;
const states = ['delivering', 'retrying', 'blocked', 'paused', 'disabled'] as const;

const seconds = (time: string): number => Date.parse(time) / 1000;

export const deliveryFamilies = ({ exporters, spool, dead_letters, ...delivery }: DeliveryStats): Family[] => {
  const labelled = ({ id, type }: ExporterStats): Labels => ({ exporter: id, type });
  const ofEach = (
    name: string,
    type: Family['type'],
    help: string,
    value: (stats: ExporterStats) => number | null,
  ): Family => ({
    name: `llm_audit_exporter_${name}`,
    type,
    help,
    samples: exporters.flatMap((stats) => {
      const of = value(stats);
      return of === null ? [] : [{ labels: labelled(stats), value: of }];
    }),
  });
  const one = (name: string, type: Family['type'], help: string, value: number): Family => ({
    name: `llm_audit_${name}`,
    type,
    help,
    samples: [{ labels: {}, value }],
  });
  return [
    one('accepted_events_total', 'counter', 'Events taken, over the life of the data directory.', delivery.accepted),
    one('unwritten_events', 'gauge', 'Events in memory that wait for the disk.', delivery.unwritten),
    one('disk_trouble', 'gauge', '1 while the disk takes nothing.', delivery.disk_trouble === null ? 0 : 1),
    ofEach('accepted_events_total', 'counter', 'Events offered since it was first configured.', (s) => s.accepted),
    {
      name: 'llm_audit_exporter_events_total',
      type: 'counter',
      help: 'Events by what became of them; with those pending they are those accepted.',
      samples: exporters.flatMap((stats) =>
        fates.map((fate) => ({ labels: { ...labelled(stats), fate }, value: stats[fate] })),
      ),
    },
    ofEach('pending', 'gauge', 'Events that have no fate yet.', (s) => s.pending),
    ofEach('lag_seconds', 'gauge', 'Age of the oldest pending event; 0 when none is.', (s) => s.lag_seconds),
    ofEach('oldest_pending_timestamp_seconds', 'gauge', 'Time of the oldest pending event.', (s) =>
      s.oldest_pending_at === null ? null : seconds(s.oldest_pending_at),
    ),
    ofEach('last_success_timestamp_seconds', 'gauge', 'When the destination last took something.', (s) =>
      s.last_success_at === null ? null : seconds(s.last_success_at),
    ),
    {
      name: 'llm_audit_exporter_state',
      type: 'gauge',
      help: '1 for the state that it is in, 0 for the others.',
      samples: exporters.flatMap((stats) =>
        states.map((state) => ({ labels: { ...labelled(stats), state }, value: stats.state === state ? 1 : 0 })),
      ),
    },
    ofEach('batches_total', 'counter', 'Attempts that ended well, or for good.', (s) => s.batches),
    ofEach('retries_total', 'counter', 'Attempts that had to be made again.', (s) => s.retries),
    ofEach('sent_characters_total', 'counter', 'Characters of the events delivered.', (s) => s.sent_chars),
    one('spool_bytes', 'gauge', 'Size of the spool on the disk.', spool.bytes),
    one('spool_segments', 'gauge', 'Files of the spool.', spool.segments),
    one('spool_full', 'gauge', '1 while calls are refused because the spool is full.', spool.full ? 1 : 0),
    one('spool_damaged_files_total', 'counter', 'Files of the spool found damaged.', spool.damaged_files),
    one('dead_letters_total', 'counter', 'Events put into the dead letters.', dead_letters.records),
    one('dead_letter_bytes', 'gauge', 'Size of the dead letters on the disk.', dead_letters.bytes),
    one('dead_letter_files', 'gauge', 'Files of the dead letters.', dead_letters.files),
    one(
      'dead_letter_removed_files_total',
      'counter',
      'Files of dead letters deleted for want of room, or for their age.',
      dead_letters.removed_files,
    ),
  ];
};
