/** Puts an answer on the wire: one write per piece, each in its own turn of the event loop so that they leave apart. */
import type { ServerResponse } from 'node:http';
import { constants, createGzip, gzipSync } from 'node:zlib';
import type { Answer, Piece } from './answer.ts';

export interface Delivery {
  /** Pause before each content piece, ms. */
  readonly chunkDelay: number;
  /** Bytes per write; null: a write per piece. */
  readonly split: number | null;
  readonly gzip: boolean;
}

const bytesOf = (bytes: string | Uint8Array): Uint8Array => (typeof bytes === 'string' ? Buffer.from(bytes) : bytes);

function* slices(bytes: Uint8Array, size: number): Generator<Piece> {
  for (let at = 0; at < bytes.length; at += size) yield { bytes: bytes.subarray(at, at + size), content: false };
}

/** One gzip stream, flushed after every piece so that each can be read when it arrives. */
const zipped = async (pieces: Iterable<Piece>, complete: boolean): Promise<Piece[]> => {
  const gzip = createGzip();
  let out: Uint8Array[] = [];
  gzip.on('data', (bytes: Uint8Array) => out.push(bytes));
  const taken = (content: boolean): Piece => {
    const bytes = Buffer.concat(out);
    out = [];
    return { bytes, content };
  };
  const result: Piece[] = [];
  for (const { bytes, content } of pieces) {
    gzip.write(bytes);
    await new Promise<void>((resolve) => gzip.flush(constants.Z_SYNC_FLUSH, resolve));
    result.push(taken(content));
  }
  if (complete) {
    await new Promise((resolve) => gzip.once('end', resolve).end());
    result.push(taken(false));
  }
  gzip.destroy();
  return result;
};

/** Writes piece after piece, waits for a slow client, stops when it leaves. */
const write = (response: ServerResponse, pieces: Iterable<Piece>, chunkDelay: number, cut: boolean): void => {
  const iterator = pieces[Symbol.iterator]();
  let timer: NodeJS.Timeout | undefined;
  let waiting: Piece | undefined;
  response.once('close', () => clearTimeout(timer));

  const put = (piece: Piece): void => {
    if (response.write(piece.bytes)) setImmediate(step);
    else response.once('drain', step);
  };
  const late = (): void => {
    if (waiting !== undefined && !response.destroyed) put(waiting);
  };
  const step = (): void => {
    if (response.destroyed) return;
    const { value, done } = iterator.next();
    if (done === true) {
      if (cut) response.destroy();
      else response.end();
    } else if (chunkDelay > 0 && value.content) {
      waiting = value;
      timer = setTimeout(late, chunkDelay);
    } else put(value);
  };
  step();
};

const sendWhole = (
  response: ServerResponse,
  { status, headers, cut }: Answer,
  bytes: Uint8Array,
  split: number | null,
): void => {
  const bodiless = status === 204 || status === 304;
  const sized =
    bodiless || headers.includes('content-length') ? headers : [...headers, 'content-length', `${bytes.length}`];
  response.writeHead(status, sized as string[]);
  if (split === null && !cut) response.end(bodiless ? undefined : bytes);
  else {
    const half = cut ? bytes.subarray(0, Math.floor(bytes.length / 2)) : bytes;
    write(response, slices(half, split ?? Math.max(1, half.length)), 0, cut);
  }
};

/** Sends the answer. The client may leave at any time: then it just stops. */
export const send = async (
  response: ServerResponse,
  answer: Answer,
  { chunkDelay, split, gzip }: Delivery,
): Promise<void> => {
  const { status, body, cut } = answer;
  const headers = gzip ? [...answer.headers, 'content-encoding', 'gzip', 'vary', 'accept-encoding'] : answer.headers;
  if (typeof body === 'string' || body instanceof Uint8Array) {
    const bytes = bytesOf(body);
    sendWhole(response, { ...answer, headers }, gzip ? gzipSync(bytes) : bytes, split);
    return;
  }
  const pieces = gzip ? await zipped(body, !cut) : body;
  if (response.destroyed) return;
  response.writeHead(status, headers as string[]);
  if (split === null) write(response, pieces, chunkDelay, cut);
  else write(response, slices(Buffer.concat(Array.from(pieces, (piece) => bytesOf(piece.bytes))), split), 0, cut);
};
