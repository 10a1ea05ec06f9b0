/** What came in at `POST /api/events`, as metrics. */
import type { IntakeCounts } from '../intake/counts.ts';
import type { Family } from './exposition.ts';

export const intakeFamilies = (counts: Readonly<IntakeCounts>): Family[] => [
  {
    name: 'llm_audit_intake_posts_total',
    type: 'counter',
    help: 'Posts by how they were answered: accepted (202), refused (400, 413, 415), unavailable (503).',
    samples: [
      { labels: { answer: 'accepted' }, value: counts.posts },
      { labels: { answer: 'refused' }, value: counts.refused },
      { labels: { answer: 'unavailable' }, value: counts.unavailable },
    ],
  },
  {
    name: 'llm_audit_intake_events_total',
    type: 'counter',
    help: 'Events of the accepted posts by what became of them.',
    samples: (['accepted', 'duplicate', 'dropped', 'dead_lettered'] as const).map((fate) => ({
      labels: { fate },
      value: counts[fate],
    })),
  },
  {
    name: 'llm_audit_intake_repaired_events_total',
    type: 'counter',
    help: 'Of the events accepted: those in which something was set right.',
    samples: [{ labels: {}, value: counts.repaired }],
  },
];
