/** Replay mode: recorded exchanges, byte for byte. */
import { open } from 'node:fs/promises';
import type { Answer, Piece } from './answer.ts';
import type { Call } from './call.ts';
import { isObject, type JsonObject, parseJson } from './json.ts';
import { bodyFingerprint, type Entry, indexReplay, responseProblem } from './replay-index.ts';

export interface ReplaySource {
  /** How many exchanges there are. */
  readonly size: number;
  /**
   * The recorded answer: that of `id`; else of the exchange with the same method, path, query and body; else the next
   * one of that method and path in the order of the file, from the start again after the last. A string says why there is none.
   */
  find(call: Call, id: string | undefined): Promise<Answer | string>;
}

// The recording's own connection and lengths: ours differ, and a text body is stored decoded.
const hopByHop = new Set(['connection', 'keep-alive', 'transfer-encoding', 'content-length']);

/** Event streams leave one event a write, as they came from the provider. */
function* events(text: string): Generator<Piece> {
  for (const event of text.split(/(?<=\n\n|\r\n\r\n)/)) yield { bytes: event, content: true };
}

const answerOf = ({ status, headers = {}, body, body_base64: encoded }: JsonObject): Answer => {
  const kept = Object.entries(headers as Record<string, string>).filter(
    ([name]) =>
      !hopByHop.has(name.toLowerCase()) && (encoded !== undefined || name.toLowerCase() !== 'content-encoding'),
  );
  const type = kept.find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? '';
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const streamed = encoded === undefined && type.startsWith('text/event-stream') && text !== '';
  return {
    status: status as number,
    headers: kept.flatMap(([name, value]) => [name.toLowerCase(), value]),
    body: typeof encoded === 'string' ? Buffer.from(encoded, 'base64') : streamed ? events(text) : text,
    cut: false,
  };
};

/** The file is opened for each exchange: nobody has to close it, and it is not kept in memory. Null: it is gone or another. */
const responseAt = async (file: string, { offset, bytes }: Entry): Promise<JsonObject | null> => {
  try {
    await using handle = await open(file);
    const { buffer } = await handle.read(Buffer.alloc(bytes), 0, bytes, offset);
    const exchange = parseJson(buffer.toString());
    const response = isObject(exchange) ? exchange.response : undefined;
    return isObject(response) && responseProblem(response) === null ? response : null;
  } catch {
    return null;
  }
};

/** Reads the file once to check and index it; rejects with a `ReplayError` that names the broken line. */
export const openReplay = async (file: string): Promise<ReplaySource> => {
  const entries = await indexReplay(file);
  const byId = new Map(entries.map((entry) => [entry.id, entry]));
  const exact = Map.groupBy(entries, ({ method, target, body }) => `${method} ${target} ${body}`);
  const byPath = Map.groupBy(entries, ({ method, target }) => `${method} ${target.split('?')[0]}`);
  const served = new Map<string, number>();

  const next = (key: string, candidates: readonly Entry[] | undefined): Entry | undefined => {
    if (!candidates) return undefined;
    const turn = served.get(key) ?? 0;
    served.set(key, turn + 1);
    return candidates[turn % candidates.length];
  };

  const chosen = ({ method, target, path, body }: Call): Entry | undefined => {
    const same = `${method} ${target} ${bodyFingerprint(parseJson(body) ?? body)}`;
    const near = `${method} ${path}`;
    return next(same, exact.get(same)) ?? next(near, byPath.get(near));
  };

  return {
    size: entries.length,
    find: async (call, id) => {
      const entry = id === undefined ? chosen(call) : byId.get(id);
      if (!entry) {
        return id === undefined
          ? `No recorded exchange answers ${call.method} ${call.path}.`
          : `x-simulate: there is no recorded exchange with the id "${id}".`;
      }
      const response = await responseAt(file, entry);
      return response ? answerOf(response) : `${file} has changed since it was opened.`;
    },
  };
};
