/** Everything that is generated from the field catalogue and from the schemas of the files that users write. */
import { readFile } from 'node:fs/promises';
import { events } from '../schemas/fields.ts';
import { configPage } from './config-page.mjs';
import { eventPage } from './event-page.mjs';
import { eventSchemas } from './event-schemas.mjs';
import { types } from './types.mjs';
import { validator } from './validators.mjs';

const json = (value) => `${JSON.stringify(value, null, 2)}\n`;

const text = (path) => readFile(new URL(`../${path}`, import.meta.url), 'utf8');
const read = async (name) => JSON.parse(await text(`schemas/${name}`));

/** The configuration with its exporters and budgets spelt out; what depends on the type of an exporter is left to them. */
const selfContained = (config, { allOf, ...exporter }, { $defs, ...budget }) => ({
  ...config,
  properties: {
    ...config.properties,
    exporters: { ...config.properties.exporters, items: { $ref: '#/$defs/exporter' } },
    budgets: { ...config.properties.budgets, items: { $ref: '#/$defs/writtenBudget' } },
  },
  $defs: { ...config.$defs, ...$defs, exporter, writtenBudget: budget },
});

/** @returns {Promise<Map<string, string>>} path from the project's root → content */
export const generate = async () => {
  const files = new Map();
  const add = async (name, schema, referenced, options) => {
    const { code, declaration } = await validator(schema, referenced, options);
    files.set(`schemas/generated/${name}.js`, code);
    files.set(`schemas/generated/${name}.d.ts`, declaration);
  };
  const schemas = eventSchemas();
  for (const [name, schema] of schemas) {
    files.set(`schemas/${schema.$id}`, json(schema));
    await add(events[name].file, schema);
  }
  files.set('schemas/generated/types.ts', await types(schemas.values()));
  const config = await read('config.schema.json');
  const exporter = await read('exporter.schema.json');
  const budget = await read('budget.schema.json');
  const tells = { allErrors: true, useDefaults: true, verbose: true };
  await add('config', config, [exporter, budget], tells);
  await add('budget', budget, [], tells);
  await add('exporter', exporter, [], tells);
  const keys = await read('keys.schema.json');
  await add('keys', keys, [], { allErrors: true, useDefaults: true });
  files.set('schemas/generated/keys-types.ts', await types([keys]));
  files.set('schemas/generated/config-types.ts', await types([selfContained(config, exporter, budget)]));
  files.set('docs/event.md', eventPage());
  files.set('docs/configuration.md', configPage(config, exporter, budget, await text('examples/llm-audit.yaml')));
  return files;
};
