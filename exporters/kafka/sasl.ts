/** `saslConfig`: who we are for the broker, in Otoroshi's words. */
import type { Problem } from '../kind.ts';

export const mechanisms = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const;

export interface WrittenSasl {
  username?: string;
  password?: string;
  mechanism?: (typeof mechanisms)[number];
  jaasConfig?: string | null;
}

export interface Sasl {
  readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
  readonly username: string;
  readonly password: string;
}

/** `username="…" password="…"` in a line for Java's login modules, quotes and backslashes escaped. */
const inJaas = (jaas: string, option: string): string | undefined =>
  new RegExp(`\\b${option}\\s*=\\s*"((?:[^"\\\\]|\\\\.)*)"`, 's').exec(jaas)?.[1]?.replace(/\\(.)/gs, '$1');

/** As in Otoroshi, the line for Java counts over SASL_SSL only. */
const credentials = ({ username, password, jaasConfig }: WrittenSasl, overTls: boolean) =>
  overTls && jaasConfig
    ? { username: inJaas(jaasConfig, 'username'), password: inJaas(jaasConfig, 'password') }
    : { username, password };

export const saslProblems = (sasl: WrittenSasl | null | undefined, overTls: boolean, place: string): Problem[] => {
  if (!sasl) return [{ place, message: 'is needed for this `securityProtocol`: {username, password, mechanism}' }];
  const { username, password } = credentials(sasl, overTls);
  if (username !== undefined && password !== undefined) return [];
  return overTls && sasl.jaasConfig
    ? [
        {
          place: `${place}.jaasConfig`,
          message: 'has no username="…" and password="…"; name them as `username` and `password`',
        },
      ]
    : [{ place, message: '`username` and `password` are needed' }];
};

export const readSasl = (sasl: WrittenSasl, overTls: boolean): Sasl => {
  const { username = '', password = '' } = credentials(sasl, overTls);
  return { mechanism: (sasl.mechanism ?? 'PLAIN').toLowerCase() as Sasl['mechanism'], username, password };
};
