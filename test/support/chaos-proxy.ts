/**
 * A TCP proxy on the loopback address that misbehaves by a seed: for HTTP, Kafka and whatever takes turns. A turn is what
 * the client says after it last heard the server, and the answer to it; for each turn one trick is drawn.
 */
import { once } from 'node:events';
import { type AddressInfo, createServer, connect as dial, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { createRandom } from '../../simulator/random.ts';
import { type WireRequest, wholeRequest } from './http-message.ts';

export const tricks = [
  'pass',
  /** The request is late. */
  'delay',
  /** The connection ends before the server has heard anything, */
  'cutBefore',
  /** when it has heard half of what came first, */
  'cutMiddle',
  /** or when it has done what it was asked to and said so: the answer is lost. */
  'cutAfter',
  /** Nobody hears anything any more, and nobody hangs up: the request is lost, */
  'hang',
  /** or the answer. */
  'mute',
  /** The answer comes in small pieces. */
  'drip',
  /** The proxy answers in the server's place; HTTP only. */
  'answer',
] as const;

export type Trick = (typeof tricks)[number];

/** How often each trick is played, as weights; those that are absent never. */
export type Odds = Partial<Record<Trick, number>>;

export interface ChaosOptions {
  /** Port of the server on the loopback address; `lead` tells it when it is not known yet. */
  readonly to?: number;
  readonly seed: number;
  /** What is played, until `play` says otherwise. */
  readonly odds?: Odds;
  /** The bytes of an answer, or null to let the request through after all. */
  readonly answer?: (request: WireRequest) => Buffer | null;
  /** Milliseconds that `delay` and `drip` take at most; 50 when absent. */
  readonly slowness?: number;
}

export interface ChaosProxy {
  readonly port: number;
  /** How often each trick was played. */
  readonly did: Readonly<Record<Trick, number>>;
  /** Requests that the server has heard in full, as far as one can tell, and whose answer the client has not. */
  readonly withheld: number;
  /** An outage: every connection is reset, those there are and those to come. */
  down(): void;
  /** The outage is over. */
  up(): void;
  /** These tricks from now on, none when there are no odds; what was going on is cut off. */
  play(odds: Odds): void;
  /** To the server on this port from now on. */
  lead(port: number): void;
}

export const startChaos = async (t: Pick<TestContext, 'after'>, options: ChaosOptions): Promise<ChaosProxy> => {
  const { seed, answer, slowness = 50 } = options;
  const random = createRandom(seed);
  const did = Object.fromEntries(tricks.map((trick) => [trick, 0])) as Record<Trick, number>;
  const open = new Set<Socket>();
  let odds = options.odds ?? {};
  let to = options.to ?? 0;
  let isDown = false;
  let withheld = 0;

  const draw = (): Trick => {
    const dice = random.next() * tricks.reduce((sum, trick) => sum + (odds[trick] ?? 0), 0);
    let reached = 0;
    const drawn = tricks.find((trick) => {
      reached += odds[trick] ?? 0;
      return dice < reached;
    });
    did[drawn ?? 'pass']++;
    return drawn ?? 'pass';
  };

  const serve = (client: Socket): void => {
    const server = dial(to, '127.0.0.1');
    let trick: Trick = 'pass';
    /** The server has been asked, and the client knows no answer. */
    let pending = false;
    let isFresh = true;
    let asked = Buffer.alloc(0);
    // One piece after the other in each direction, however late they are.
    let outward = Promise.resolve();
    let inward = Promise.resolve();

    const hangUp = (): void => {
      client.destroy();
      server.destroy();
    };
    const forward = (bytes: Buffer): void => {
      pending = true;
      outward = outward.then(async () => {
        if (trick === 'delay') await pause(random.integer(1, slowness));
        server.write(bytes);
      });
    };

    /** Answers a request that is complete. */
    const speak = (bytes: Buffer): void => {
      asked = Buffer.concat([asked, bytes]);
      const request = wholeRequest(asked);
      if (!request) return;
      const instead = answer?.(request) ?? null;
      if (instead) client.end(instead);
      else {
        trick = 'pass';
        forward(asked);
      }
    };

    const ask = (bytes: Buffer): void => {
      if (isFresh) {
        trick = draw();
        isFresh = false;
        asked = Buffer.alloc(0);
      }
      if (trick === 'cutBefore') hangUp();
      else if (trick === 'cutMiddle') server.write(bytes.subarray(0, Math.ceil(bytes.length / 2)), hangUp);
      else if (trick === 'answer') speak(bytes);
      else if (trick !== 'hang') forward(bytes);
    };

    const tell = (bytes: Buffer): void => {
      if (trick === 'cutAfter') hangUp();
      if (trick === 'cutAfter' || trick === 'mute') return;
      const size = trick === 'drip' ? Math.ceil(bytes.length / 10) : bytes.length;
      inward = inward.then(async () => {
        for (let at = 0; at < bytes.length; at += size) {
          if (trick === 'drip') await pause(slowness / 10);
          client.write(bytes.subarray(at, at + size));
        }
        if (!client.destroyed) pending = false;
        isFresh = true;
      });
    };

    client.on('data', ask);
    server.on('data', tell);
    for (const socket of [client, server]) {
      open.add(socket);
      socket.setNoDelay(true);
      socket.on('error', hangUp);
      socket.on('close', () => {
        hangUp();
        open.delete(socket);
      });
    }
    client.on('close', () => {
      if (pending) withheld++;
    });
  };

  const listener = createServer((client) => {
    if (isDown) client.resetAndDestroy();
    else serve(client);
  }).listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const cutAll = (): void => {
    for (const socket of open) socket.resetAndDestroy();
  };
  t.after(() => {
    cutAll();
    listener.close();
  });
  return {
    port: (listener.address() as AddressInfo).port,
    did,
    get withheld() {
      return withheld;
    },
    down: () => {
      isDown = true;
      cutAll();
    },
    up: () => {
      isDown = false;
    },
    play: (other) => {
      odds = other;
      cutAll();
    },
    lead: (port) => {
      to = port;
    },
  };
};
