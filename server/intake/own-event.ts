/** An event that another gateway of ours has made: as it is, less what this one does not keep. */
import { object } from '../../plugins/dialects/read.ts';
import type { CaptureMode } from '../../plugins/redaction/capture.ts';
import { captured } from '../../plugins/redaction/event.ts';
import type { JsonObject } from '../../plugins/wire.ts';
import type { Named } from './identity.ts';
import { answerOf } from './otoroshi/said.ts';
import type { Rules } from './rules.ts';

export const ownEvent = (told: JsonObject, { id, at }: Named, rules: Rules): JsonObject => ({
  // Gateways before it was there say nothing of it.
  origin: 'gateway',
  ...told,
  '@id': id,
  '@timestamp': at,
  ...(told.capture !== undefined && content(told, rules)),
});

/** From the most that is kept to the least. */
const modes: readonly CaptureMode[] = ['full', 'redacted', 'hash', 'none'];

/** Of the two modes, its own and ours, the stricter. */
const content = (told: JsonObject, { capture, platform }: Rules): JsonObject => {
  const own = modes.indexOf(told.capture as CaptureMode);
  const stricter = modes[Math.max(own, modes.indexOf(capture.mode))] ?? 'none';
  if (own < 0) return {};
  if (stricter === told.capture && stricter !== 'full' && stricter !== 'redacted') return {};
  const again = captured(
    { prompt: told.input_prompt ?? null, answer: told.output ? answerOf(object(told.output)) : null },
    { ...capture, mode: stricter, hmac: platform.hmac },
  );
  return {
    ...again,
    input_truncated: told.input_truncated === true || again.input_truncated,
    output_truncated: told.output_truncated === true || again.output_truncated,
  } as unknown as JsonObject;
};
