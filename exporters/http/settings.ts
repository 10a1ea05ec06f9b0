/** What all exporters over HTTP have in common: the settings that each takes, and what each comes down to. */
import { validateHeaderValue } from 'node:http';
import type { Problem } from '../kind.ts';
import type { Part } from '../net/in-turn.ts';
import { headerProblems, headersSchema, urlProblems } from '../net/target.ts';
import { type MtlsConfig, mtlsConfigSchema, type Tls, tlsProblems, tlsSchema, type WrittenTls } from '../net/tls.ts';
import type { Outgoing } from '../pipeline/outgoing.ts';
import type { Table } from './outcome.ts';

/** What all of them come down to. */
export interface HttpConfig {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Milliseconds; null: the exporter's `delivery.timeout`. */
  readonly timeout: number | null;
  readonly tls: Tls;
  readonly gzip: boolean;
  /** The requests that a batch makes. `now`: epoch milliseconds. */
  readonly parts: (batch: readonly Outgoing[], now: number) => Part[];
  readonly table: Table;
  /** Path on the same host that tells whether events are taken. */
  readonly health: string | null;
  /** Texts that are never told. */
  readonly secrets: readonly string[];
  /** Said at every start. */
  readonly warnings: readonly string[];
}

/** As written. */
export interface Common {
  url?: string;
  headers?: Record<string, string>;
  timeout?: number;
  tls?: WrittenTls;
  tls_config?: MtlsConfig;
  compression?: 'none' | 'gzip';
}

export const common = {
  headers: headersSchema,
  timeout: {
    type: 'integer',
    minimum: 1,
    maximum: 600_000,
    description: "Milliseconds of one attempt; the exporter's `delivery.timeout` when absent (Otoroshi: 60000).",
  },
  compression: { enum: ['none', 'gzip'], default: 'none', description: 'How bodies travel.' },
  tls: tlsSchema,
  tls_config: mtlsConfigSchema,
} as const;

/** What the schema cannot say; `ours`: headers in lower case that are set from other settings. */
export const commonProblems = (config: Common, place: string, ours: readonly string[] = []): Problem[] => [
  ...(config.url === undefined ? [] : urlProblems(config.url, `${place}.url`)),
  ...headerProblems(config.headers, `${place}.headers`, ['content-encoding', ...ours]),
  ...tlsProblems(config, place),
];

/** Without the value, which may be a secret. */
export const headerValueProblem = (value: string): string | null => {
  try {
    validateHeaderValue('x', value);
    return null;
  } catch {
    return 'not something that a header can carry'; // the reason would quote the value
  }
};
