/** `llm-usage-audit/fastify`: the gateway as routes of a Fastify application, where a path prefix names the provider. */
import { randomBytes } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { createPlugins } from '../../response-plugin.ts';
import { type AuditOptions, settingsOf } from '../fetch/options.ts';
import { type ProviderOptions, providerFrom, vendorNamed } from '../fetch/providers.ts';
import { createGateway, type GatewayOptions, type Upstream } from '../node/gateway.ts';
import { nodePlatform } from '../node/platform.ts';

export interface FastifyProvider extends ProviderOptions {
  /** Scheme, host and optional path, without the SDK's `/v1`. */
  readonly baseUrl: string;
  /** Sent with every call, by lower-case name. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface FastifyAuditOptions extends AuditOptions {
  /** Each is at the path of its `id`, below the prefix that the plugin is registered with. */
  readonly providers: readonly FastifyProvider[];
  /** Bytes. */
  readonly limits?: GatewayOptions['limits'];
  readonly onClientAbort?: GatewayOptions['onClientAbort'];
  /** Milliseconds. */
  readonly timeouts?: GatewayOptions['timeouts'];
  /** How long calls under way may take to end when the application closes, milliseconds. */
  readonly grace?: number;
}

/** Rejects with a TypeError for what is wrong in the options. */
export const llmUsageAudit = async (app: FastifyInstance, options: FastifyAuditOptions): Promise<void> => {
  const settings = settingsOf(options, (secret, most) => nodePlatform(secret ?? randomBytes(32), most));
  const gateway = createGateway({
    upstreams: new Map(options.providers.map(upstreamOf)),
    plugins: createPlugins(settings),
    limits: options.limits ?? { requestBody: 32 * 1024 * 1024 },
    onClientAbort: options.onClientAbort ?? { mode: 'cut', timeMs: 10_000, bytes: 256 * 1024, atOnce: 64 },
    timeouts: options.timeouts ?? { connect: 10_000, head: 600_000, idle: 300_000 },
    ready: () => !settings.isFull(),
  });
  // Bodies are the gateway's to read, byte for byte: in these routes only, as a plugin has its own parsers.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => done(null));
  app.all('/*', (request, reply) => {
    reply.hijack();
    request.raw.url = (request.raw.url ?? '/').slice(app.prefix.replace(/\/$/, '').length);
    gateway.answer(request.raw, reply.raw);
  });
  app.addHook('preClose', () => gateway.close(options.grace ?? 30_000));
};

const upstreamOf = (options: FastifyProvider): [string, Upstream] => {
  const { origin, pathname } = new URL(options.baseUrl);
  const provider = providerFrom(options, vendorNamed(options.kind), origin);
  return [provider.id, { provider, basePath: pathname.replace(/\/+$/, ''), headers: options.headers ?? {} }];
};
