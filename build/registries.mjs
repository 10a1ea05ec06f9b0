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

/** `[type, its part of the folder's config.ts]` of each type that a folder serves. */
const typesOf = (folder, about) =>
  about.types
    ? Object.keys(about.types).map((type) => [type, `${folder}.types[${JSON.stringify(type)}]`])
    : [[folder, folder]];

const registry = (
  folders,
) => `/** Every kind of exporter by its \`type\`. Generated from the folders beside this file: node build.mjs generate */
${folders.map(([folder]) => `import * as ${folder} from './${folder}/config.ts';`).join('\n')}
import { kind } from './kind.ts';

export const kinds = {
${folders
  .flatMap(([folder, about]) =>
    typesOf(folder, about).map(
      ([type, part]) =>
        `  ${/^[a-z]+$/.test(type) ? type : `'${type}'`}: kind(${part.replace(/\["([a-z]+)"\]/, '.$1').replaceAll('"', "'")}, () => import('./${folder}/client.ts')),`,
    ),
  )
  .join('\n')}
};
`;

const schemasOf = (folder, about) =>
  about.types ? Object.entries(about.types).map(([type, { schema }]) => [type, schema]) : [[folder, about.schema]];

/** Resolves to the generated files: content by path from the root of the project. */
export const generate = async () => {
  const folders = await Promise.all(
    kindNames().map(async (name) => [name, await import(new URL(`${name}/config.ts`, exporters).href)]),
  );
  const schemas = Object.fromEntries(folders.flatMap(([folder, about]) => schemasOf(folder, about)));
  return new Map([
    ['exporters/registry.generated.ts', registry(folders)],
    ['schemas/exporter.schema.json', `${JSON.stringify(exporterSchema(schemas), null, 2)}\n`],
  ]);
};
