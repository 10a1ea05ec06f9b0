/** The two plugins as they live in one VM: set up once, asked call by call, one call at a time. */
import type { AuditRecord } from '../../../../schemas/record.ts';
import { noBudgets } from '../../../budgets/none.ts';
import type { Plugins } from '../../../contract.ts';
import { string } from '../../../dialects/read.ts';
import { openBook, type PriceBook } from '../../../pricing/book.ts';
import { createPlugins } from '../../../response-plugin.ts';
import type { JsonObject } from '../../../wire.ts';
import { routeOf } from './context.ts';
import { type Host, openHost } from './host.ts';
import { type Options, optionsOf } from './options.ts';
import { wasmPlatform } from './platform.ts';

export interface World {
  readonly plugins: Plugins;
  readonly prices: PriceBook;
  readonly host: Host;
  readonly options: Options;
  /** What was accepted since the last call of this. */
  records(): AuditRecord[];
}

let current: { fn: string; context: JsonObject; options: Options | null } = { fn: '', context: {}, options: null };
let records: AuditRecord[] = [];
const host = openHost(() => ({ fn: current.fn, routeId: string(routeOf(current.context).id) }));
const hmacKey = (): string | null => current.options?.hmacKey ?? null;
const snowflake = (): string | null => {
  const id = string(current.context['snowflake']);
  return id !== null && /^[\w-]{1,64}$/.test(id) ? id : null;
};
const { book: prices } = openBook({});
const plugins = createPlugins({
  ...noBudgets,
  platform: wasmPlatform(snowflake, hmacKey),
  acceptor: {
    accept: (record) => {
      records.push(record);
      return Promise.resolve();
    },
    deadLetter: (_record, reason) => {
      host.tell(reason);
      return Promise.resolve();
    },
  },
  isFull: () => false,
  prices,
  keys: null,
  capture: { mode: 'none', maxBytes: 0 },
  // Without a key for the hash an address is not kept: it must not stand in Otoroshi's event in clear.
  get privacy() {
    const hidden = hmacKey() === null ? ('drop' as const) : ('hmac' as const);
    return { user: 'keep' as const, email: hidden, clientIp: 'truncate' as const };
  },
  impacts: { enabled: true, zone: null },
  get identity() {
    return { product: 'llm-usage-audit', environment: current.options?.environment ?? 'prod', tenant: 'default' };
  },
  maxReadBytes: 8 * 1024 * 1024,
});

export const enter = (fn: string, context: JsonObject): World => {
  current = { fn, context, options: null };
  const options = optionsOf(context, host);
  current.options = options;
  records = [];
  host.told();
  return {
    plugins,
    prices,
    host,
    options,
    records: () => {
      const all = records;
      records = [];
      return all;
    },
  };
};
