/** The events of one run, as the file exporter delivered them: what the tables are made of has gone all the way. */
import { createReadStream } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { Delivery } from '../../exporters/delivery/open.ts';
import type { LLMUsageAudit } from '../../schemas/generated/types.ts';
import { linesOf } from '../ndjson.ts';
import type { DemoCall } from './call.ts';

/** Longest time for the events of the last calls to arrive, milliseconds. */
const patience = 15_000;

/** Waits until every call has its event, at most some seconds, and returns what was delivered, each `@id` once. */
export const eventsOf = async (
  calls: readonly DemoCall[],
  run: string,
  { file, delivery }: { readonly file: string; readonly delivery: Delivery },
): Promise<LLMUsageAudit[]> => {
  const deadline = performance.now() + patience;
  for (;;) {
    const left = deadline - performance.now();
    await delivery.drained(Math.max(1, Math.min(1000, left)));
    const events = await delivered(file, run);
    const answered = new Set(events.map((event) => event.correlation_id));
    if (left <= 0 || calls.every(({ id }) => answered.has(id))) return events;
    // The event of a client that left is made when its upstream call is gone, a moment later.
    await pause(50);
  }
};

/** A line that was written twice (a crash lies between its writing and its noting) counts once. */
const delivered = async (file: string, run: string): Promise<LLMUsageAudit[]> => {
  const events = new Map<string, LLMUsageAudit>();
  try {
    for await (const line of linesOf(createReadStream(file))) {
      if (!('text' in line && line.text.includes(run))) continue;
      const event = JSON.parse(line.text) as LLMUsageAudit;
      if (event.correlation_id?.startsWith(run)) events.set(event['@id'], event);
    }
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
  return [...events.values()];
};
