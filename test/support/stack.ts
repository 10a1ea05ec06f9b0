/** A gateway in front of the simulator (or of a server that a test writes), with events at hand. */
import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { openBudgets } from '../../plugins/budgets/admission.ts';
import type { Budget } from '../../plugins/budgets/budget.ts';
import { noBudgets } from '../../plugins/budgets/none.ts';
import type { Consumer } from '../../plugins/contract.ts';
import { vendorOf } from '../../plugins/dialects/vendors.ts';
import { createGateway, type Gateway, type GatewayOptions, type Upstream } from '../../plugins/hosts/node/gateway.ts';
import { nodePlatform } from '../../plugins/hosts/node/platform.ts';
import { memoryLedger } from '../../plugins/hosts/stores/memory-ledger.ts';
import { openBook } from '../../plugins/pricing/book.ts';
import { createPlugins } from '../../plugins/response-plugin.ts';
import type { Settings } from '../../plugins/settings.ts';
import type { LLMUsageAudit } from '../../schemas/generated/types.ts';
import { startSimulator } from '../../simulator/server.ts';

export interface StackOptions {
  readonly settings?: Partial<Settings>;
  readonly host?: Partial<GatewayOptions>;
  /** Consumer keys by their text; absent: passthrough. */
  readonly keys?: Readonly<Record<string, Consumer>>;
  readonly budgets?: readonly Budget[];
  /** Takes the events beside those of calls. */
  readonly siblings?: Record<string, unknown>[];
  /** Milliseconds that it takes to accept an event. */
  readonly acceptAfter?: number;
  /** The clock of the budgets. */
  readonly now?: () => number;
  /** Instead of the simulator, by provider id (with the vendor kind of the same name). */
  readonly upstreams?: Readonly<Record<string, string>>;
  readonly credential?: string;
}

export interface Stack {
  readonly origin: string;
  readonly simulator: string;
  readonly gateway: Gateway;
  readonly settings: Settings;
  /** Waits for that many events more, and returns them. An event that its schema refuses fails the test. */
  events(count: number): Promise<LLMUsageAudit[]>;
  /** Asserts that none comes within the time of a round trip. */
  noEvent(): Promise<void>;
}

export const consumer = (clientId: string): Consumer => ({
  clientId,
  clientName: clientId.toUpperCase(),
  metadata: { team: clientId },
  tags: [],
  tenant: null,
  trustHeaders: false,
});

const vendorNamed = (kind: string) => {
  const vendor = vendorOf(kind);
  assert.ok(vendor, `no vendor ${kind}`);
  return vendor;
};

/** What the tests share with the real configuration's defaults, less the waiting. */
export const testSettings = (events: (event: LLMUsageAudit) => void, options: StackOptions): Settings => ({
  platform: nodePlatform(Buffer.alloc(32, 7), 64 * 1024 * 1024),
  acceptor: {
    accept: async ({ kind, body }) => {
      if (options.acceptAfter) await new Promise((resolve) => setTimeout(resolve, options.acceptAfter));
      const event = JSON.parse(body);
      if (kind === 'LLMUsageAudit') events(event as LLMUsageAudit);
      else options.siblings?.push(event);
    },
    deadLetter: async (_record, reason) => {
      process.emitWarning(`an event is ${reason}`);
      throw new Error(reason);
    },
  },
  isFull: () => false,
  ...noBudgets,
  ...budgetsOf(options.budgets ?? [], options.now ?? Date.now),
  prices: openBook().book,
  keys: options.keys ? (key) => options.keys?.[key] ?? null : null,
  capture: { mode: 'none', maxBytes: 64 * 1024 },
  privacy: { user: 'keep', email: 'keep', clientIp: 'keep' },
  impacts: { enabled: true, zone: null },
  identity: { product: 'test', environment: 'test', tenant: 'default' },
  maxReadBytes: 16 * 1024 * 1024,
  ...options.settings,
});

export const startStack = async (t: TestContext, options: StackOptions = {}): Promise<Stack> => {
  const simulator = await startSimulator({ seed: 7 });
  t.after(() => simulator.close());
  const made: LLMUsageAudit[] = [];
  let wake = (): void => {};
  const settings = testSettings((event) => {
    made.push(event);
    wake();
  }, options);
  const origins = options.upstreams ?? { openai: simulator.origin, anthropic: simulator.origin };
  const upstreams = new Map<string, Upstream>(
    Object.entries(origins).map(([id, origin]) => [
      id,
      {
        provider: { id, vendor: vendorNamed(id), origin, credential: options.credential ?? null },
        basePath: '',
        headers: {},
      },
    ]),
  );
  const gateway = createGateway({
    upstreams,
    plugins: createPlugins(settings),
    limits: { requestBody: 1024 * 1024 },
    onClientAbort: { mode: 'cut', timeMs: 1000, bytes: 65536, atOnce: 8 },
    timeouts: { connect: 2000, head: 5000, idle: 5000 },
    ready: () => true,
    ...options.host,
  });
  await new Promise<void>((resolve) => gateway.server.listen(0, '127.0.0.1', resolve));
  t.after(() => gateway.close(100));
  let taken = 0;
  return {
    origin: `http://127.0.0.1:${(gateway.server.address() as AddressInfo).port}`,
    simulator: simulator.origin,
    gateway,
    settings,
    events: async (count) => {
      const deadline = Date.now() + 10_000;
      while (made.length < taken + count && Date.now() < deadline) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, deadline - Date.now());
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      assert.ok(made.length >= taken + count, `waited 10 s for ${count} events, ${made.length - taken} came`);
      taken += count;
      return made.slice(taken - count, taken);
    },
    noEvent: async () => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      assert.equal(made.length, taken, 'no event was expected');
    },
  };
};

/** A provider that a test writes itself. */
export const upstream = async (t: TestContext, listener: RequestListener): Promise<string> => {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

/** An address at which nobody listens. */
export const nobody = async (): Promise<string> => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
};

const budgetsOf = (budgets: readonly Budget[], now: () => number): Pick<Settings, 'budgets' | 'ledger'> => {
  const ledger = memoryLedger(now);
  return { ledger, budgets: openBudgets(budgets, { ledger, ttl: 600_000, now }) };
};
