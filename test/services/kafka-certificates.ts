/** An authority of our own, with certificates for brokers on the loopback address and for a client. */
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface Certificate {
  /** PEM files: certificate, key, and both in one, as Kafka wants them. */
  readonly cert: string;
  readonly key: string;
  readonly both: string;
}

export interface Authority {
  /** PEM file. */
  readonly ca: string;
  readonly server: Certificate;
  readonly client: Certificate;
  /** PKCS12 file with the client's certificate, its key and the authority. */
  readonly clientStore: string;
  readonly storePassword: string;
}

const storePassword = 'obviously-fake';

/** Into this folder. */
export const makeAuthority = async (folder: string): Promise<Authority> => {
  const file = (name: string): string => join(folder, name);
  const openssl = async (...args: string[]): Promise<void> => void (await run('openssl', args));
  await openssl(
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-days',
    '2',
    '-subj',
    '/CN=test authority',
    '-keyout',
    file('ca.key'),
    '-out',
    file('ca.crt'),
  );
  const issue = async (name: string, extensions: string): Promise<Certificate> => {
    const made = { cert: file(`${name}.crt`), key: file(`${name}.key`), both: file(`${name}.pem`) };
    await writeFile(file(`${name}.ext`), extensions);
    await openssl(
      'req',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-subj',
      `/CN=${name}`,
      '-keyout',
      made.key,
      '-out',
      file(`${name}.csr`),
    );
    await openssl(
      'x509',
      '-req',
      '-in',
      file(`${name}.csr`),
      '-CA',
      file('ca.crt'),
      '-CAkey',
      file('ca.key'),
      '-CAcreateserial',
      '-days',
      '2',
      '-extfile',
      file(`${name}.ext`),
      '-out',
      made.cert,
    );
    await writeFile(
      made.both,
      `${await readFile(made.key, 'utf8')}${await readFile(made.cert, 'utf8')}${await readFile(file('ca.crt'), 'utf8')}`,
    );
    return made;
  };
  const server = await issue('localhost', 'subjectAltName=DNS:localhost,IP:127.0.0.1\n');
  const client = await issue('client', 'extendedKeyUsage=clientAuth\n');
  const clientStore = file('client.p12');
  await openssl(
    'pkcs12',
    '-export',
    '-in',
    client.cert,
    '-inkey',
    client.key,
    '-certfile',
    file('ca.crt'),
    '-passout',
    `pass:${storePassword}`,
    '-out',
    clientStore,
  );
  return { ca: file('ca.crt'), server, client, clientStore, storePassword };
};
