/** `keystore` and `truststore` of Otoroshi: PKCS12 files that Node can open, both with the password `keyPass`. */
import { readFileSync } from 'node:fs';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import type { Problem } from '../kind.ts';

export interface WrittenStores {
  keystore?: string | null;
  truststore?: string | null;
  keyPass?: string | null;
}

/** The first bytes of a Java key store of the old kind. */
const jks = 'feedfeed';

const pems =
  'convert it (keytool -importkeystore … -deststoretype PKCS12; openssl pkcs12 …) and name PEM files in `tls`';

/** Truststores by the JDK hold certificates without a key, which OpenSSL does not take through this door. */
const unreadable = (path: string, passphrase: string | undefined): string | null => {
  let store: Buffer;
  try {
    store = readFileSync(path);
  } catch (thrown) {
    return `the file ${path} cannot be read (${thrown instanceof Error && 'code' in thrown ? thrown.code : 'error'})`;
  }
  if (store.subarray(0, 4).toString('hex') === jks) return `${path} is a JKS file, which only Java reads: ${pems}`;
  try {
    createSecureContext({ pfx: store, ...(passphrase !== undefined && { passphrase }) });
    return null;
  } catch {
    return `${path} is no PKCS12 file with a key and its certificate, or \`keyPass\` is not its password: ${pems}`;
  }
};

const written = (text: string | null | undefined): string | undefined => text || undefined;

export const storesProblems = ({ keystore, truststore, keyPass }: WrittenStores, config: string): Problem[] =>
  (
    [
      ['keystore', keystore],
      ['truststore', truststore],
    ] as const
  ).flatMap(([name, path]) => {
    const message = written(path) === undefined ? null : unreadable(path ?? '', written(keyPass));
    return message === null ? [] : [{ place: `${config}.${name}`, message }];
  });

/** Of stores without problems. The certificates of authorities in them are trusted beside the well-known ones. */
export const readStores = ({ keystore, truststore, keyPass }: WrittenStores): Pick<SecureContextOptions, 'pfx'> => {
  const passphrase = written(keyPass);
  // The keystore last: its key is the one that is shown.
  const paths = [truststore, keystore].flatMap((path) => written(path) ?? []);
  if (paths.length === 0) return {};
  return { pfx: paths.map((path) => ({ buf: readFileSync(path), ...(passphrase !== undefined && { passphrase }) })) };
};
