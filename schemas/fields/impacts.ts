/** Environmental impact of a call, laid out as Otoroshi does. */
import type { Row, Unit } from './row.ts';

const indicator = (path: string, label: string, unit: Unit, example: number): Row[] => [
  [path, 'object', unit, label, `${label}, as a range.`, null],
  [`${path}.value`, 'object', unit, label, 'The range and its middle.', null],
  [`${path}.value.min`, 'amount', unit, `${label}, low`, 'Lower bound.', example / 2],
  [`${path}.value.max`, 'amount', unit, `${label}, high`, 'Upper bound.', (example / 2) * 3],
  [`${path}.value.avg`, 'amount', unit, label, 'Middle of the two bounds.', example],
  [`${path}.unit`, `one of: ${unit}`, null, `${label}, unit`, 'Unit of the three values.', unit],
];

const manufacture = (at: string, of: string): Row[] => [
  ...indicator(`${at}gwp`, `Greenhouse gases${of}`, 'kgCO2eq', 0.0001),
  ...indicator(`${at}adpe`, `Abiotic resources${of}`, 'kgSbeq', 2e-10),
  ...indicator(`${at}pe`, `Primary energy${of}`, 'MJ', 0.0006),
];

const operation = (at: string, of: string): Row[] => [
  ...indicator(`${at}energy`, `Electricity${of}`, 'kWh', 0.0002),
  ...manufacture(at, of),
  ...indicator(`${at}water`, `Water${of}`, 'L', 0.0008),
];

// biome-ignore format: a table, one row per field
export const impacts: Row[] = [
  ['impacts_status', 'one of: estimated unknown_model unknown_zone unknown_provider unknown_operation no_output?', null, 'Impact status', 'Why `impacts` is there or not: `unknown_operation` when the answer is no text (embeddings, pictures, sound), which the method does not cover; `no_output` when the output tokens are not known; null when impacts are switched off.', 'estimated'],
  ['impacts', 'object?', null, 'Impacts', 'Estimated from the output tokens, the latency and the electricity mix of the zone; null when not known.', null],
  ...operation('impacts.', ''),
  ['impacts.usage', 'object', null, 'Impacts of use', 'Caused by running the call.', null],
  ...operation('impacts.usage.', ' of use'),
  ['impacts.embodied', 'object', null, 'Embodied impacts', 'The call\'s share of making the hardware.', null],
  ...manufacture('impacts.embodied.', ', embodied'),
  ['impacts.method', 'keyword', null, 'Impact method', 'The method of estimation.', 'ecologits'],
  ['impacts.version', 'keyword', null, 'Impact method version', 'Version of method and data.', '0.11.3'],
  ['impacts.zone', 'keyword', null, 'Electricity zone', 'ISO 3166-1 alpha-3 code, or `WOR` for the world.', 'USA'],
  ['impacts.model', 'keyword', null, 'Impact model', 'The model whose figures were used.', 'gpt-4o-mini'],
  ['impacts.mapped', 'boolean', null, 'Mapped', 'Whether provider or model was mapped to a listed one by our own decision.', false],
  ['impacts.warnings', 'keyword[]', null, 'Impact warnings', 'What the method warns of, e.g. an architecture that is not published.', ['model-arch-not-released']],
];
