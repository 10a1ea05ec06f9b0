/** In which forms events may come, by content type and by how the body begins. */
import type { Carrier } from './cloud-events.ts';
import { arrayPieces, linePieces, type Pieces } from './pieces.ts';

/** Events of one body. */
export const mostEvents = 10_000;

export const types =
  'application/json, application/x-ndjson, application/cloudevents+json or application/cloudevents-batch+json';

export type Media = 'json' | 'lines';

/** Without a content type JSON is assumed. */
export const mediaOf = (contentType: string | undefined): Media | null => {
  const type = contentType?.split(';', 1)[0]?.trim().toLowerCase() || 'application/json';
  if (/^application\/(?:x-ndjson|ndjson|jsonl|x-jsonlines)$/.test(type)) return 'lines';
  return /^application\/(?:json|cloudevents\+json|cloudevents-batch\+json)$/.test(type) ? 'json' : null;
};

export const piecesOf = async (body: string, media: Media, carrier: Carrier | null): Promise<Pieces | null> => {
  if (media === 'lines') return linePieces(body, mostEvents);
  const text = body.trim();
  // The data of one CloudEvent is one event, unless it is a list of them.
  if (text.startsWith('[')) return arrayPieces(text, mostEvents);
  return text.startsWith('{') || carrier ? { texts: [text], whole: true } : { texts: [], whole: false };
};
