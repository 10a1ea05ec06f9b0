/** Certificates made by openssl: an authority, and what it vouches for. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { folder } from '../given.ts';

export interface Certificate {
  /** Paths of PEM files. */
  readonly key: string;
  readonly cert: string;
}

export interface Authority {
  /** Path of its certificate. */
  readonly ca: string;
  /** A certificate for 127.0.0.1, or for a client of this name. */
  issue(name: string): Certificate;
}

/** What `https.createServer` wants. */
export const contents = ({ key, cert }: Certificate): { key: Buffer; cert: Buffer } => ({
  key: readFileSync(key),
  cert: readFileSync(cert),
});

const isThere = spawnSync('openssl', ['version']).status === 0;

/** Null without the program. */
export const authority = (t: TestContext): Authority | null => {
  if (!isThere) return null;
  const dir = folder(t);
  const openssl = (...args: string[]): void => {
    const { status, stderr } = spawnSync('openssl', args, { cwd: dir, encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr);
  };
  const fresh = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  openssl('req', '-x509', ...fresh, '-subj', '/CN=Test authority', '-keyout', 'ca.key', '-out', 'ca.pem');
  return {
    ca: join(dir, 'ca.pem'),
    issue: (name) => {
      const names = [
        '-subj',
        `/CN=${name}`,
        '-addext',
        'subjectAltName=IP:127.0.0.1',
        '-addext',
        'basicConstraints=CA:FALSE',
      ];
      const files = ['-keyout', `${name}.key`, '-out', `${name}.pem`];
      openssl('req', '-x509', '-CA', 'ca.pem', '-CAkey', 'ca.key', ...fresh, ...names, ...files);
      return { key: join(dir, `${name}.key`), cert: join(dir, `${name}.pem`) };
    },
  };
};
