/** Writes what follows from the folders of exporters/: the registry of kinds, and the JSON Schema of one exporter. */
import { existsSync, readdirSync } from 'node:fs';
import { exporterSchema } from '../exporters/schema.ts';

const exporters = new URL('../exporters/', import.meta.url);

/** A folder with a client is a kind of exporter; its name is the `type` of the configuration. */
const kindNames = () =>
  readdirSync(exporters, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(new URL(`${entry.name}/client.ts`, exporters)))
    .map(({ name }) => name)
    .sort();

const registry = (
  names,
) => `/** Every kind of exporter by its \`type\`. Generated from the folders beside this file: node build.mjs generate */
${names.map((name) => `import * as ${name} from './${name}/config.ts';`).join('\n')}
import { kind } from './kind.ts';

export const kinds = {
${names.map((name) => `  ${name}: kind(${name}, () => import('./${name}/client.ts')),`).join('\n')}
};
`;

/** Resolves to the generated files: content by path from the root of the project. */
export const generate = async () => {
  const names = kindNames();
  const configs = await Promise.all(
    names.map(async (name) => [name, (await import(new URL(`${name}/config.ts`, exporters).href)).schema]),
  );
  return new Map([
    ['exporters/registry.generated.ts', registry(names)],
    ['schemas/exporter.schema.json', `${JSON.stringify(exporterSchema(Object.fromEntries(configs)), null, 2)}\n`],
  ]);
};
