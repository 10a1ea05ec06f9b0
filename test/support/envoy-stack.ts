/** The shipped Envoy configuration in a real Envoy, between the test and the simulator, with events at hand. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { TestContext } from 'node:test';
import { parse } from 'yaml';
import { vendorOf } from '../../plugins/dialects/vendors.ts';
import { type Counts, openCounts } from '../../plugins/hosts/envoy/counts.ts';

import { patience } from '../../plugins/hosts/envoy/exchange.ts';
import { createProcessor, type ProcessorOptions, type Role } from '../../plugins/hosts/envoy/processor.ts';
import { providerChooser, type Upstream } from '../../plugins/hosts/envoy/providers.ts';
import { type ExtProcServer, startExtProc } from '../../plugins/hosts/envoy/server.ts';
import { spending } from '../../plugins/hosts/envoy/spending.ts';
import { createPlugins } from '../../plugins/response-plugin.ts';
import type { LLMUsageAudit } from '../../schemas/generated/types.ts';
import { startSimulator } from '../../simulator/server.ts';
import { type Envoy, envoyBinary, startEnvoy } from '../services/envoy.ts';
import { freePort } from '../services/ports.ts';
import { type StackOptions, testSettings } from './stack.ts';

export interface EnvoyStackOptions extends Omit<StackOptions, 'host'> {
  readonly processor?: Partial<ProcessorOptions>;
  /** Of filters that do not name theirs. */
  readonly role?: Role;
  /** `examples/envoy/*.yaml`; default the plain one. */
  readonly file?: string;
  /** Changes the configuration before Envoy gets it. */
  readonly change?: (bootstrap: Bootstrap) => void;
  /** Instead of the address of the server: for a processor elsewhere. */
  readonly processorPort?: number;
  readonly concurrency?: number;
}

export interface EnvoyStack {
  /** Of Envoy. */
  readonly origin: string;
  readonly envoy: Envoy;
  readonly counts: Counts;
  readonly server: ExtProcServer;
  /** All so far. */
  readonly made: readonly LLMUsageAudit[];
  /** Waits for that many events more, and returns them. An event that its schema refuses fails the test. */
  events(count: number, withinMs?: number): Promise<LLMUsageAudit[]>;
  /** Streams that are open and calls whose event is to be made. */
  underway(): number;
}

// biome-ignore lint/suspicious/noExplicitAny: Envoy's configuration, changed where a test needs it
export type Bootstrap = any;

/** The shipped configuration with addresses of this machine: nothing else of it is changed. */
export const bootstrapOf = (
  file: string,
  ports: { readonly listen: number; readonly admin: number; readonly processor: number },
  upstreams: Readonly<Record<string, string>>,
): Bootstrap => {
  const bootstrap: Bootstrap = parse(readFileSync(new URL(`../../examples/envoy/${file}`, import.meta.url), 'utf8'));
  const put = (address: Bootstrap, port: number, host = '127.0.0.1'): void => {
    address.socket_address = { address: host, port_value: port };
  };
  put(bootstrap.admin.address, ports.admin);
  put(bootstrap.static_resources.listeners[0].address, ports.listen);
  for (const cluster of bootstrap.static_resources.clusters) {
    const { address } = cluster.load_assignment.endpoints[0].lb_endpoints[0].endpoint;
    if (cluster.name === 'llm-audit') put(address, ports.processor);
    else {
      const { hostname, port } = new URL(upstreams[cluster.name] ?? 'http://127.0.0.1:1');
      put(address, Number(port), hostname);
      delete cluster.transport_socket;
      cluster.type = 'STATIC';
    }
  }
  return bootstrap;
};

/** Null, with the test skipped and the reason said, where no Envoy can be had. */
export const startEnvoyStack = async (t: TestContext, options: EnvoyStackOptions = {}): Promise<EnvoyStack | null> => {
  const program = await envoyBinary(t);
  if (program === null) return null;
  let origins = options.upstreams;
  if (!origins) {
    const simulator = await startSimulator({ seed: 7 });
    t.after(() => simulator.close());
    origins = { openai: simulator.origin, anthropic: simulator.origin };
  }
  const made: LLMUsageAudit[] = [];
  let wake = (): void => {};
  const settings = testSettings((event) => {
    made.push(event);
    wake();
  }, options);
  const upstreams = new Map<string, Upstream>(
    Object.entries(origins).map(([id, origin]) => {
      const vendor = vendorOf(id);
      assert.ok(vendor);
      return [id, { provider: { id, vendor, origin, credential: options.credential ?? null }, headers: {} }];
    }),
  );
  const counts = openCounts();
  const providerOf = providerChooser(
    upstreams,
    Object.keys(origins).map((provider) => ({ provider, cluster: provider, pathPrefix: `/${provider}` })),
  );
  const failed = (error: unknown): void => process.emitWarning(error instanceof Error ? error : String(error));
  const processor = createProcessor({
    plugins: createPlugins(settings),
    providerOf,
    identity: null,
    counts,
    patience,
    processId: 'test',
    now: settings.platform.now,
    randomId: settings.platform.randomId,
    showsUsage: false,
    spends: spending(providerOf),
    failed,
    ...options.processor,
  });
  const server = await startExtProc({
    address: '127.0.0.1:0',
    processor,
    role: options.role ?? null,
    maxMessage: 64 * 1024 * 1024,
    ready: () => true,
    failed,
  });
  const [listen, admin] = [await freePort(), await freePort()];
  const ports = { listen, admin, processor: options.processorPort ?? server.port };
  const bootstrap = bootstrapOf(options.file ?? 'envoy.yaml', ports, origins);
  options.change?.(bootstrap);
  const envoy = await startEnvoy(t, program, bootstrap, admin, options.concurrency);
  t.after(async () => {
    await server.close(100);
    await processor.close();
  });
  let taken = 0;
  return {
    origin: `http://127.0.0.1:${listen}`,
    envoy,
    counts,
    server,
    made,
    events: async (count, withinMs = 10_000) => {
      const deadline = Date.now() + withinMs;
      while (made.length < taken + count && Date.now() < deadline) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, deadline - Date.now());
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      assert.ok(
        made.length >= taken + count,
        `waited ${withinMs} ms for ${count} events, ${made.length - taken} came: ${JSON.stringify(counts.of)}`,
      );
      taken += count;
      return made.slice(taken - count, taken);
    },
    underway: () => processor.underway(),
  };
};
