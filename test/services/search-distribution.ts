/** Elasticsearch and OpenSearch as their projects publish them for integration tests: got by Maven, unpacked once. */
import { execFile } from 'node:child_process';
import { hash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { chmod, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Jdk } from './java.ts';

const run = promisify(execFile);
const cache = fileURLToPath(new URL('../../node_modules/.cache/llm-usage-audit/', import.meta.url));
const shim = fileURLToPath(new URL('./es-shim/', import.meta.url));

export const versions = { elasticsearch: '8.19.21', opensearch: '3.6.0' } as const;
export type Product = keyof typeof versions;

const groups = {
  elasticsearch: 'org.elasticsearch.distribution.integ-test-zip',
  opensearch: 'org.opensearch.distribution.integ-test-zip',
} as const;

const jars = (folder: string): string[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.jar'))
    .map((name) => `${folder}/${name}`);

/** Compiles our own plugin, es-shim/, into the distribution that lacks what it brings. */
const addMissingParts = async (home: string, java: Jdk): Promise<void> => {
  const classes = `${home}/missing-parts`;
  const plugin = `${home}/plugins/missing-parts`;
  const sources = readdirSync(shim).map((name) => `${shim}${name}`);
  const path = [...jars(`${home}/lib`), ...jars(`${home}/modules/x-pack-core`)].join(':');
  await mkdir(plugin, { recursive: true });
  const javac = `${java.home}/bin/javac`;
  await run(javac, ['-nowarn', '--release', '17', '-cp', path, '-d', classes, ...sources]);
  await run(`${java.home}/bin/jar`, ['cf', `${plugin}/missing-parts.jar`, '-C', classes, '.']);
  await rm(classes, { recursive: true });
  const descriptor = {
    description: 'parts that the distribution for tests comes without',
    version: '1',
    name: 'missing-parts',
    classname: 'audit.test.MissingParts',
    'java.version': '17',
    'elasticsearch.version': versions.elasticsearch,
    'extended.plugins': 'x-pack-core',
  };
  const lines = Object.entries(descriptor).map(([key, value]) => `${key}=${value}\n`);
  await writeFile(`${plugin}/plugin-descriptor.properties`, lines.join(''));
};

/** Another text of the plugin is another folder. */
const folderOf = (product: Product): string => {
  if (product === 'opensearch') return `${cache}opensearch-${versions.opensearch}`;
  const text = readdirSync(shim).map((name) => readFileSync(`${shim}${name}`, 'utf8'));
  return `${cache}elasticsearch-${versions.elasticsearch}-${hash('sha256', text.join('')).slice(0, 8)}`;
};

/** Resolves to the folder that is the server's home. Rejects with what is missing: Maven, the network, a compiler. */
export const distribution = async (product: Product, java: Jdk): Promise<string> => {
  const root = folderOf(product);
  const home = `${root}/${product}-${versions[product]}`;
  if (existsSync(root)) return home;
  // Several tests may want it at once: each unpacks for itself, the first one stays.
  const own = `${root}.${process.pid}`;
  await mkdir(own, { recursive: true });
  try {
    await run(
      'mvn',
      [
        '--batch-mode',
        '--quiet',
        'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:unpack',
        `-Dartifact=${groups[product]}:${product}:${versions[product]}:zip`,
        `-DoutputDirectory=${own}`,
        `-Dmdep.unpack.markersDirectory=${own}/markers`,
        `-DmarkersDirectory=${own}/markers`,
      ],
      { cwd: own, timeout: 180_000, env: { ...process.env, JAVA_HOME: java.home } },
    );
    const unpacked = `${own}/${product}-${versions[product]}`;
    for (const name of await readdir(`${unpacked}/bin`)) await chmod(`${unpacked}/bin/${name}`, 0o755);
    if (product === 'elasticsearch') await addMissingParts(unpacked, java);
    await rename(own, root).catch((error: unknown) => {
      if (!existsSync(root)) throw error;
    });
  } finally {
    await rm(own, { recursive: true, force: true });
  }
  return home;
};
