/** How an exporter trusts its destination and shows who it is: `tls` in our words, `mtlsConfig` in Otoroshi's. */
import { readFileSync } from 'node:fs';
import { type ConnectionOptions, createSecureContext } from 'node:tls';
import type { Problem } from '../kind.ts';

const file = { type: 'string', minLength: 1, maxLength: 4096 } as const;

/** `config.tls` of every kind that connects over TLS. */
export const tlsSchema = {
  type: 'object',
  additionalProperties: false,
  default: {},
  description: 'Certificates as PEM files. Without them the authorities that Node trusts are trusted.',
  properties: {
    ca: { ...file, description: 'Authorities to trust instead of the well-known ones.' },
    cert: { ...file, description: 'Client certificate with its chain (mTLS); needs `key`.' },
    key: { ...file, description: 'Private key of `cert`.' },
    insecure: {
      type: 'boolean',
      default: false,
      description: 'Trusts any certificate: for a look only. Said in the log at every start.',
    },
  },
} as const;

const ids = { type: 'array', items: { type: 'string' }, default: [] } as const;

/** Otoroshi's `mtlsConfig` (and `tls_config`): its certificates are ids that only Otoroshi can resolve. */
export const mtlsConfigSchema = {
  type: 'object',
  description:
    "Otoroshi's own: `loose` and `trustAll` are honoured (and logged at every start); certificates by id are not known here, use `tls`.",
  properties: {
    certs: ids,
    trustedCerts: ids,
    trusted_certs: ids,
    mtls: { type: 'boolean', default: false },
    enabled: { type: 'boolean', default: false },
    loose: { type: 'boolean', default: false },
    trustAll: { type: 'boolean', default: false },
    trust_all: { type: 'boolean', default: false },
  },
} as const;

export interface WrittenTls {
  ca?: string;
  cert?: string;
  key?: string;
  insecure?: boolean;
}

export interface MtlsConfig {
  certs?: readonly string[];
  trustedCerts?: readonly string[];
  trusted_certs?: readonly string[];
  mtls?: boolean;
  enabled?: boolean;
  loose?: boolean;
  trustAll?: boolean;
  trust_all?: boolean;
}

/** For `tls.connect`; certificates are verified unless somebody has asked for it in so many words. */
export type Tls = Required<Pick<ConnectionOptions, 'rejectUnauthorized' | 'minVersion'>> &
  Pick<ConnectionOptions, 'ca' | 'cert' | 'key'>;

const readable = (path: string | undefined, place: string): Problem[] => {
  if (path === undefined) return [];
  try {
    return readFileSync(path, 'latin1').includes('-----BEGIN ')
      ? []
      : [{ place, message: `${path} is not a PEM file (no "-----BEGIN")` }];
  } catch (thrown) {
    const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'error';
    return [{ place, message: `the file ${path} cannot be read (${code})` }];
  }
};

/** What OpenSSL finds in files that can be read: a key with a passphrase or of another certificate, damage. */
const unusable = (tls: WrittenTls, place: string): Problem[] => {
  try {
    createSecureContext(readTls({ tls }));
    return [];
  } catch (thrown) {
    const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'error';
    const why = 'damaged, a key that is not of the certificate, or one with a passphrase';
    return [{ place, message: `these files cannot be used together (${code}): ${why}` }];
  }
};

const isOn = ({ mtls, enabled }: MtlsConfig): boolean => mtls === true || enabled === true;

const idProblems = (written: MtlsConfig | undefined, tls: WrittenTls | undefined, place: string): Problem[] => {
  if (!written || !isOn(written) || tls?.cert !== undefined || tls?.ca !== undefined) return [];
  const named = [written.certs, written.trustedCerts, written.trusted_certs].some((list) => (list ?? []).length > 0);
  return named
    ? [{ place, message: 'names certificates by their ids in Otoroshi; put the PEM files into `tls: {ca, cert, key}`' }]
    : [];
};

/** What the schemas cannot say; `config` is the place of the kind's own configuration. */
export const tlsProblems = (
  { tls, mtlsConfig, tls_config }: { tls?: WrittenTls; mtlsConfig?: MtlsConfig; tls_config?: MtlsConfig },
  config: string,
): Problem[] => {
  const files = [
    ...readable(tls?.ca, `${config}.tls.ca`),
    ...readable(tls?.cert, `${config}.tls.cert`),
    ...readable(tls?.key, `${config}.tls.key`),
    ...((tls?.cert === undefined) === (tls?.key === undefined)
      ? []
      : [{ place: `${config}.tls`, message: 'a client certificate is two files: `cert` and `key`' }]),
  ];
  return [
    ...(files.length > 0 || tls === undefined ? files : unusable(tls, `${config}.tls`)),
    ...idProblems(mtlsConfig, tls, `${config}.mtlsConfig`),
    ...idProblems(tls_config, tls, `${config}.tls_config`),
  ];
};

/** For a configuration without problems. Certificates are read when the exporter opens: a new file counts from then on. */
export const readTls = ({
  tls = {},
  mtlsConfig,
  tls_config,
}: {
  tls?: WrittenTls;
  mtlsConfig?: MtlsConfig;
  tls_config?: MtlsConfig;
}): Tls => {
  const trustsAll = [mtlsConfig, tls_config].some(
    (one) => one && isOn(one) && (one.loose || one.trustAll || one.trust_all),
  );
  return {
    rejectUnauthorized: !(tls.insecure || trustsAll),
    minVersion: 'TLSv1.2',
    ...(tls.ca !== undefined && { ca: readFileSync(tls.ca) }),
    ...(tls.cert !== undefined && { cert: readFileSync(tls.cert) }),
    ...(tls.key !== undefined && { key: readFileSync(tls.key) }),
  };
};

/** What is logged at every start for a destination whose certificate is not verified. */
export const insecureWarning = 'certificates are not verified: anybody between here and there can read the events';

/** Says so, if it is so. */
export const warnOfInsecure = ({ rejectUnauthorized }: Tls, url: string, warn: (message: string) => void): void => {
  if (!rejectUnauthorized && url.startsWith('https:')) warn(insecureWarning);
};
