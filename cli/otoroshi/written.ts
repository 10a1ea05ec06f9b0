/** The entities of Otoroshi (17.17) that make a route of its own work with this gateway. */

/** How the route is audited: `target`: it leads to this gateway, and streams; `wasm`: inside Otoroshi, which buffers. */
export type Way = 'target' | 'wasm';

export interface Wanted {
  readonly route: string;
  readonly way: Way;
  /** `POST /api/events` of this gateway. */
  readonly intake: URL;
  readonly intakeKey: string;
  /** Of the tokens between Otoroshi and this gateway. */
  readonly claimSecret: string;
  readonly apikeySecret: string;
  /** Where Otoroshi gets the .wasm from: an address, or a path on its own disk. */
  readonly wasm: string;
}

export type Entity = Readonly<Record<string, unknown>>;

export interface RoutePlugin {
  readonly enabled: true;
  readonly plugin: string;
  readonly config: Entity;
}

const wasmId = 'wasm-plugin_llm-usage-audit';
const location = { tenant: 'default', teams: ['default'] };
const none = { read: false, write: false };

/** One call of the plugin does one post: it must be through before Otoroshi's patience ends. */
const postTimeout = 2000;

export const wasmPlugin = ({ wasm, intake, intakeKey }: Wanted): Entity => ({
  _loc: location,
  id: wasmId,
  name: 'llm-usage-audit',
  description: 'Audits LLM calls: who, how many tokens, what they cost',
  config: {
    source: URL.canParse(wasm) ? { kind: 'Http', path: wasm, opts: {} } : { kind: 'File', path: wasm, opts: {} },
    // 64 KiB each. QuickJS keeps what it has had: less than this fails after some hundred calls.
    memoryPages: 1000,
    functionName: null,
    config: { intake_url: intake.href, intake_key: intakeKey },
    allowedHosts: [intake.hostname],
    allowedPaths: {},
    wasi: true,
    opa: false,
    httpWasm: false,
    authorizations: {
      httpAccess: true,
      proxyHttpCallTimeout: postTimeout,
      globalDataStoreAccess: none,
      pluginDataStoreAccess: none,
      globalMapAccess: none,
      pluginMapAccess: none,
      proxyStateAccess: false,
      configurationAccess: false,
    },
    instances: 4,
    killOptions: {
      immortal: false,
      max_calls: 2147483647,
      max_memory_usage: 0,
      max_avg_call_duration: 0,
      max_unused_duration: 300000,
    },
    isJS: false,
  },
  steps: [],
  metadata: {},
  tags: [],
});

const on = (plugin: string, config: Entity): RoutePlugin => ({
  enabled: true,
  plugin: `cp:otoroshi.next.plugins.${plugin}`,
  config,
});

/** In this order: who calls is known before anything is told of it. */
export const routePlugins = ({ way, claimSecret }: Wanted): RoutePlugin[] => {
  const algorithm = { type: 'HSAlgoSettings', size: 512, secret: claimSecret, base64: false };
  const local = { source: { kind: 'Local', path: wasmId, opts: {} } };
  return [
    on('OverrideHost', {}),
    on('ApikeyCalls', {
      validate: true,
      mandatory: true,
      pass_with_user: false,
      wipe_backend_request: true,
      update_quotas: true,
    }),
    ...(way === 'target'
      ? [
          on('OtoroshiInfos', { version: 'Latest', ttl: 30, header_name: 'Otoroshi-Claim', algo: algorithm }),
          on('OtoroshiChallenge', {
            version: 'V2',
            ttl: 30,
            request_header_name: 'Otoroshi-State',
            response_header_name: 'Otoroshi-State-Resp',
            algo_to_backend: algorithm,
            algo_from_backend: algorithm,
            state_resp_leeway: 10,
          }),
        ]
      : [on('WasmRequestTransformer', local), on('WasmResponseTransformer', local)]),
  ];
};

/** The events of Otoroshi's LLM extension, and nothing else: a gateway event repeats headers and the whole route. */
export const exporter = ({ intake, intakeKey }: Wanted): Entity => ({
  _loc: location,
  type: 'webhook',
  enabled: true,
  id: 'data-exporter_llm-usage-audit',
  name: 'LLM usage to llm-usage-audit',
  desc: 'Events of the LLM extension to POST /api/events',
  metadata: {},
  tags: [],
  bufferSize: 5000,
  jsonWorkers: 1,
  sendWorkers: 4,
  groupSize: 100,
  groupDuration: 5000,
  projection: {},
  filtering: {
    include: [{ audit: 'LLMUsageAudit' }, { alert: 'AiBudgetExceeded' }, { alert: 'AiBudgetAlmostExceeded' }],
    exclude: [{ provider_kind: 'loadbalancer' }, { provider_kind: 'otoroshi' }],
  },
  config: { url: intake.href, headers: { Authorization: `Bearer ${intakeKey}` }, mtlsConfig: { mtls: false } },
});

export const apikey = ({ route, apikeySecret }: Wanted): Entity => ({
  clientId: `llm-${route}`,
  clientSecret: apikeySecret,
  clientName: `LLM consumer of ${route}`,
  authorizedEntities: [`route_${route}`],
  enabled: true,
  metadata: { team: 'example' },
  tags: [],
});

/** @param target `host:port` that the route leads to */
export const newRoute = (wanted: Wanted, domain: string, target: URL): Entity => ({
  id: wanted.route,
  name: wanted.route,
  description: 'LLM calls, audited',
  tags: [],
  metadata: {},
  enabled: true,
  debug_flow: false,
  export_reporting: false,
  capture: false,
  groups: ['default'],
  frontend: { domains: [domain], strip_path: true, exact: false, headers: {}, query: {}, methods: [] },
  backend: {
    targets: [
      {
        id: 'target',
        hostname: target.hostname,
        port: Number(target.port) || (target.protocol === 'https:' ? 443 : 80),
        tls: target.protocol === 'https:',
        weight: 1,
        protocol: 'HTTP/1.1',
      },
    ],
    root: target.pathname,
    rewrite: false,
    load_balancing: { type: 'RoundRobin' },
  },
  plugins: routePlugins(wanted),
});
