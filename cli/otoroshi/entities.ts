/** `llm-audit otoroshi entities`: prints what Otoroshi needs to work with this gateway, or creates it. */
import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { type Command, exit, UsageError } from '../command.ts';
import { AdminApiError, adminApi } from './admin-api.ts';
import { apply, type Done } from './apply.ts';
import { apikey, exporter, newRoute, routePlugins, type Wanted, wasmPlugin } from './written.ts';

const help = `Usage: llm-audit otoroshi entities --url URL --route ID [options]

Prints, as JSON, what Otoroshi needs to work with this gateway: plugin entries for the route, a data exporter for the
events of its LLM extension, an example API key, and the WASM plugin. With --apply all of it is created in Otoroshi by its
admin API; what is there already is put right, other plugins of the route stay. Doing it again changes nothing more.

Options:
  --url URL        of Otoroshi's admin API, e.g. http://otoroshi-api.oto.tools:8080
  --route ID       id of the route
  --way WAY        target (default): the route leads to this gateway, answers stream;
                   wasm: the plugin runs inside Otoroshi, which holds every answer back until it is complete
  --intake URL     POST /api/events of this gateway (default: http://llm-audit.internal:9090/api/events)
  --wasm PLACE     with --way wasm: address or path where Otoroshi finds llm-audit-otoroshi.wasm
  --domain NAME    with --target: creates the route, where there is none, at this domain
  --target URL     where a new route leads, e.g. http://llm-audit.internal:8080/openai
  --host NAME      host name of the admin API, where the URL has another one
  --apply          create them
  --json           with --apply: print what was done as JSON

From the environment, as they are secrets:
  OTOROSHI_CLIENT_ID, OTOROSHI_CLIENT_SECRET   an API key of Otoroshi's admin API, for --apply
  OTOROSHI_CLAIM_SECRET                        otoroshi.claim.secret of llm-audit.yaml: 16 bytes at least
  LLM_AUDIT_INTAKE_KEY                         a key of admin.keys with the role intake
Exit code 1: Otoroshi refused or does not answer, 2: something is missing.

Example:
  llm-audit otoroshi entities --url http://otoroshi-api.oto.tools:8080 --route chat
`;

export const command: Command = {
  summary: 'print or create what Otoroshi needs',
  help,

  run: async (args) => {
    const { values } = parseArgs({
      args,
      options: {
        url: { type: 'string' },
        route: { type: 'string' },
        way: { type: 'string', default: 'target' },
        intake: { type: 'string', default: 'http://llm-audit.internal:9090/api/events' },
        wasm: { type: 'string', default: '/opt/llm-audit/llm-audit-otoroshi.wasm' },
        domain: { type: 'string' },
        target: { type: 'string' },
        host: { type: 'string' },
        apply: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
      },
    });
    const url = address('url', values.url);
    const { route, way } = values;
    if (route === undefined || !/^[\w.:-]{1,128}$/.test(route)) throw new UsageError('--route is the id of a route');
    if (way !== 'target' && way !== 'wasm') throw new UsageError('--way is target or wasm');
    if ((values.domain === undefined) !== (values.target === undefined))
      throw new UsageError('--domain and --target go together: they describe the new route');
    const { apply: applies } = values;
    const secret = (name: string, placeholder: string): string => {
      const value = process.env[name];
      if (value) return value;
      if (applies) throw new UsageError(`${name} is not set`);
      return placeholder;
    };
    const wanted: Wanted = {
      route,
      way,
      intake: address('intake', values.intake),
      intakeKey: secret('LLM_AUDIT_INTAKE_KEY', 'THE-INTAKE-KEY'),
      claimSecret: way === 'target' ? secret('OTOROSHI_CLAIM_SECRET', 'THE-CLAIM-SECRET') : '',
      apikeySecret: applies ? randomBytes(24).toString('base64url') : 'THE-API-KEY-SECRET',
      wasm: values.wasm,
    };
    const fresh =
      values.domain !== undefined ? { domain: values.domain, target: address('target', values.target) } : null;
    if (!applies) {
      process.stdout.write(`${JSON.stringify(entitiesOf(wanted, fresh), null, 2)}\n`);
      return exit.ok;
    }
    const id = secret('OTOROSHI_CLIENT_ID', '');
    const api = adminApi(url, values.host ?? null, id, secret('OTOROSHI_CLIENT_SECRET', ''));
    const done: Done[] = [];
    const tell = (one: Done): void => {
      done.push(one);
      if (!values.json) process.stdout.write(`${one.entity.padEnd(14)} ${one.id}  ${one.did}\n`);
    };
    try {
      await apply(api, wanted, fresh, tell);
    } catch (error) {
      if (!(error instanceof AdminApiError)) throw error;
      process.stderr.write(`llm-audit otoroshi entities: ${error.message}\n`);
      return exit.failed;
    }
    const made = done.some(({ entity, did }) => entity === 'apikey' && did === 'created');
    const key = made ? `llm-${route}:${wanted.apikeySecret}` : null;
    if (values.json) process.stdout.write(`${JSON.stringify({ done, apikey: key }, null, 2)}\n`);
    else process.stdout.write(`${key === null ? '' : `API key, shown once: ${key}\n`}In force after 10 seconds.\n`);
    return exit.ok;
  },
};

const entitiesOf = (wanted: Wanted, fresh: { domain: string; target: URL } | null): object => ({
  route: fresh ? newRoute(wanted, fresh.domain, fresh.target) : { id: wanted.route, plugins: routePlugins(wanted) },
  data_exporter: exporter(wanted),
  apikey: apikey(wanted),
  ...(wanted.way === 'wasm' && { wasm_plugin: wasmPlugin(wanted) }),
});

const address = (name: string, text: string | undefined): URL => {
  const url = URL.parse(text ?? '');
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new UsageError(`--${name} is an address: http:// or https://`);
  return url;
};
