/** What became of the calls that passed through Envoy, as metrics. */
import { metrics } from '@opentelemetry/api';

const meanings = {
  decided: 'went on to a provider, and are watched',
  refused: 'were refused',
  free: 'cannot spend',
  unknown_provider: 'went on unaudited: no provider of the configuration fits',
  unobserved: 'were decided, and their answer was not seen: their event has no figures',
  unaudited: 'reached a provider without being decided: Envoy did not wait for us, or could not reach us',
  foreign: 'were decided by another process, which alone can make their event',
  failed: 'could not be decided for a fault of ours',
} as const;

export type Fate = keyof typeof meanings;

export interface Counts {
  add(fate: Fate): void;
  /** Since the start. */
  readonly of: Readonly<Record<Fate, number>>;
}

export const openCounts = (): Counts => {
  const counter = metrics.getMeter('llm-usage-audit').createCounter('llm.audit.ext_proc.calls', {
    description: `Calls through Envoy: ${Object.entries(meanings)
      .map(([fate, meaning]) => `${fate} ${meaning}`)
      .join('; ')}`,
    unit: '{call}',
  });
  const of = Object.fromEntries(Object.keys(meanings).map((fate) => [fate, 0])) as Record<Fate, number>;
  return {
    of,
    add: (fate) => {
      of[fate]++;
      counter.add(1, { fate });
    },
  };
};
