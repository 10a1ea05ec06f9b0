/** Requests to one destination over HTTP(S): guarded addresses, one deadline for the whole exchange, answers of bounded size. */
import { Agent, buildConnector, type Dispatcher, errors, request } from 'undici';
import type { Outcome } from '../pipeline/outcome.ts';
import { ForbiddenAddress, guardOf, type Trust } from './address.ts';
import { failureOutcome } from './outcome.ts';
import type { Tls } from './tls.ts';

export interface HttpParts {
  /** Milliseconds from the lookup of the name to the last byte of the answer. */
  readonly timeout: number;
  readonly tls: Tls;
  /** `file` when absent. */
  readonly trust?: Trust | undefined;
}

export interface HttpRequest {
  readonly method: string;
  readonly url: string;
  /** Names in lower case: the later of two with the same name would be sent beside the other. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Bytes of the answer that are looked at, 64 KiB when absent. */
  readonly mostOfAnswer?: number;
}

export interface Answer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly headers: Dispatcher.ResponseData['headers'];
  /** Its first `mostOfAnswer` bytes, about; less when it was cut off or came too late. */
  readonly body: Buffer;
  /** The connection, or the time, ended before it did. */
  readonly isCut?: boolean;
}

export interface Http {
  /** Any answer is an answer; `failed` says what it means that there was none. */
  exchange(request: HttpRequest, signal: AbortSignal): Promise<Answer | { readonly failed: Outcome }>;
  /** Cuts what is still in flight. */
  close(): Promise<void>;
}

/** Its `method` is a fixed set; ours is what the configuration says. */
type Options = Parameters<typeof request>[1];

/** Bytes of an answer that are looked at. */
const mostOfAnswer = 65_536;

/** A destination may move an address within itself (307, 308: same method, same body), but not send events elsewhere. */
const mostRedirects = 3;

/** setTimeout cannot wait longer. */
const longestTimer = 2_147_483_647;

/** Aborts after a time, or with `outer`. `AbortSignal.timeout` and `any` would hold memory until the time is over. */
class Deadline {
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly #outer: AbortSignal;

  constructor(timeout: number, outer: AbortSignal) {
    this.#outer = outer;
    this.#timer = setTimeout(
      () => this.#controller.abort(new DOMException('no answer in time', 'TimeoutError')),
      Math.min(timeout, longestTimer),
    );
    outer.addEventListener('abort', this.#stop);
    if (outer.aborted) this.#stop();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#outer.removeEventListener('abort', this.#stop);
  }

  readonly #stop = (): void => this.#controller.abort();
}

/** TLS errors by the local port of their connection; undici only tells that the other side has closed it. */
type Alerts = Map<number, Error>;

const guardedAgent = ({ timeout, tls, trust = 'file' }: HttpParts, alerts: Alerts): Agent => {
  const guard = guardOf(trust);
  const connect = buildConnector({ ...tls, timeout, lookup: guard.lookup, allowH2: false });
  return new Agent({
    pipelining: 1,
    // The deadline of the exchange is the only one.
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: (options, callback) => {
      if (guard.forbids(options.hostname)) callback(new ForbiddenAddress('an address that is not connected to'), null);
      else
        connect(options, (...result) => {
          const [, socket] = result;
          const port = socket?.localPort;
          // In TLS 1.3 our certificate is refused only after the connection is made.
          if (port !== undefined) alerts.delete(port); // of a connection that had it before
          if (port !== undefined && options.protocol === 'https:')
            socket?.once('error', (error) => alerts.set(port, error));
          callback(...result);
        });
    },
  });
};

/** What was wrong with the connection, rather than that it was closed for it. */
const causeOf = (thrown: unknown, alerts: Alerts): unknown => {
  const port = thrown instanceof errors.SocketError ? thrown.socket?.localPort : undefined;
  const alert = port === undefined ? undefined : alerts.get(port);
  if (port !== undefined) alerts.delete(port);
  return alert ?? thrown;
};

/** What can be had of it: the head of the answer has said what counts. */
const bodyOf = async (
  body: Dispatcher.ResponseData['body'],
  most: number,
): Promise<Required<Pick<Answer, 'body' | 'isCut'>>> => {
  const pieces: Buffer[] = [];
  let length = 0;
  let isCut = false;
  try {
    for await (const piece of body as AsyncIterable<Buffer>) {
      pieces.push(piece);
      length += piece.length;
      if (length >= most) break;
    }
  } catch {
    isCut = true;
  }
  return { body: pieces.length === 1 && pieces[0] ? pieces[0] : Buffer.concat(pieces), isCut };
};

const one = (header: string | string[] | undefined): string | undefined => (Array.isArray(header) ? header[0] : header);

/** Where a redirect leads within the same scheme, host and port; null elsewhere. */
const withinOrigin = (
  from: string,
  { statusCode, headers }: Pick<Dispatcher.ResponseData, 'statusCode' | 'headers'>,
): string | null => {
  if (statusCode !== 307 && statusCode !== 308) return null;
  const target = URL.parse(one(headers['location']) ?? '', from);
  return target !== null && target.origin === new URL(from).origin && target.username === '' && target.password === ''
    ? target.href
    : null;
};

export const openHttp = (parts: HttpParts): Http => {
  const alerts: Alerts = new Map();
  const dispatcher = guardedAgent(parts, alerts);
  return {
    exchange: async ({ url, mostOfAnswer: most = mostOfAnswer, ...rest }, signal) => {
      const deadline = new Deadline(parts.timeout, signal);
      try {
        let here = url;
        for (let hop = 0; ; hop++) {
          const answer = await request(here, { ...rest, dispatcher, signal: deadline.signal } as Options);
          const next = hop < mostRedirects ? withinOrigin(here, answer) : null;
          if (next === null) {
            const retryAfter = one(answer.headers['retry-after']);
            const { statusCode: status, headers } = answer;
            return { status, retryAfter, headers, ...(await bodyOf(answer.body, most)) };
          }
          await answer.body.dump({ limit: mostOfAnswer });
          here = next;
        }
      } catch (thrown) {
        return { failed: failureOutcome(causeOf(thrown, alerts)) };
      } finally {
        deadline.clear();
      }
    },
    close: () => dispatcher.destroy(),
  };
};
