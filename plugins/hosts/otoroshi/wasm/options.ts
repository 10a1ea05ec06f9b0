/** The settings of the WASM plugin: texts in `config` of its entity, or in `config.config` of the entry on the route. */
import { object, string } from '../../../dialects/read.ts';
import { type Vendor, vendorByHost, vendorOf } from '../../../dialects/vendors.ts';
import type { JsonObject } from '../../../wire.ts';
import type { Host } from './host.ts';

export interface Options {
  /** `POST /api/events` of the audit service; null: events go into Otoroshi's own GatewayEvent only. */
  readonly intakeUrl: string | null;
  readonly intakeKey: string | null;
  /** Who decides whether a call may be sent, for `access`; null: nobody is asked. */
  readonly admissionUrl: string | null;
  /** What holds when nobody answers. */
  readonly onDown: 'fail_open' | 'fail_closed';
  /** Kind of the provider behind the route; null: told by the host name. */
  readonly provider: string | null;
  readonly hmacKey: string | null;
  readonly environment: string;
  /** Milliseconds that a post may take. */
  readonly timeout: number;
}

export const optionsOf = (context: JsonObject, host: Pick<Host, 'config'>): Options => {
  const own = object(object(context['config'])?.['config']) ?? object(context['params']);
  const of = (name: string): string | null => string(own?.[name]) ?? host.config(name);
  const timeout = Number(of('timeout_ms') ?? 1000);
  return {
    intakeUrl: of('intake_url'),
    intakeKey: of('intake_key'),
    admissionUrl: of('admission_url'),
    onDown: of('on_down') === 'fail_closed' ? 'fail_closed' : 'fail_open',
    provider: of('provider'),
    hmacKey: of('hmac_key'),
    environment: of('environment') ?? 'prod',
    timeout: timeout > 0 && timeout <= 30_000 ? timeout : 1000,
  };
};

/** `openai-compatible` where neither the settings nor the host name say more. */
export const vendorFor = ({ provider }: Options, hosts: readonly string[]): Vendor => {
  const byHost = hosts.map(vendorByHost).find((vendor) => vendor !== null);
  const known = (provider === null ? null : vendorOf(provider)) ?? byHost;
  if (known) return known;
  const compatible = vendorOf('openai-compatible');
  if (!compatible) throw new Error('no row for openai-compatible');
  // A server that does not know the usage option would refuse the call, and nothing can be sent again from here.
  return { ...compatible, streamUsage: 'none' };
};
