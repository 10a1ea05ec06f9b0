/** Reads an answer through framing and dialect, as the response plugin does. */

import { type Dialect, newReading, type Reading } from '../../plugins/dialects/dialect.ts';
import { nodePlatform } from '../../plugins/hosts/node/platform.ts';
import { AnswerReader } from '../../plugins/response/answer-reader.ts';

const platform = nodePlatform(Buffer.alloc(32), 1 << 20);

/** @param split bytes per piece; @param wantText makes the reader take every event apart instead of skimming text. */
export const readAnswer = (
  dialect: Dialect,
  body: string | Uint8Array,
  split = 1 << 30,
  wantText = false,
  headers: Record<string, string> = {},
): Reading & { unreadable: boolean } => {
  const reading = newReading(wantText);
  const reader = new AnswerReader(dialect, reading, platform, headers, 1 << 20, false);
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  for (let at = 0; at < bytes.length; at += split) reader.push(bytes.subarray(at, at + split));
  void reader.end();
  return { ...reading, unreadable: reader.unreadable };
};

export const sse = (...events: (object | string)[]): string =>
  events
    .map((event) =>
      typeof event === 'string'
        ? `data: ${event}\n\n`
        : `${'type' in event ? `event: ${event.type}\n` : ''}data: ${JSON.stringify(event)}\n\n`,
    )
    .join('');
