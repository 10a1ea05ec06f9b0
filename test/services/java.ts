/** Java Development Kits of this machine, by their version. */
import { readdirSync, readFileSync } from 'node:fs';

export interface Jdk {
  readonly home: string;
  /** Major version: 17, 21, 25. */
  readonly version: number;
}

const versionOf = (home: string): number | null => {
  try {
    const [, major] = /^JAVA_VERSION="(?:1\.)?(\d+)/m.exec(readFileSync(`${home}/release`, 'utf8')) ?? [];
    return major === undefined ? null : Number(major);
  } catch {
    return null;
  }
};

const folders = (): string[] => {
  const root = '/usr/lib/jvm';
  try {
    return readdirSync(root).map((name) => `${root}/${name}`);
  } catch {
    return [];
  }
};

/** The oldest that is at least so new; null where there is none. */
export const jdk = (atLeast: number): Jdk | null => {
  const homes = [process.env['JAVA_HOME'], ...folders()].filter((home) => home !== undefined);
  const [found] = homes
    .flatMap((home) => {
      const version = versionOf(home);
      return version !== null && version >= atLeast ? [{ home, version }] : [];
    })
    .sort((one, other) => one.version - other.version);
  return found ?? null;
};
