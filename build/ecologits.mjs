/**
 * Refreshes plugins/impacts/data from an EcoLogits wheel:
 *   pip download --no-deps --dest DIR ecologits==0.11.3 && node build/ecologits.mjs DIR/ecologits-0.11.3-py3-none-any.whl
 * Not part of `build.mjs generate`: the result is committed, and a new release changes every figure on purpose.
 */
import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { inflateRawSync } from 'node:zlib';

const target = 'plugins/impacts/data';

/** The files of a zip archive, read from its central directory (a wheel has no zip64 and no encryption). */
const unzip = (bytes) => {
  const end = bytes.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
  if (end === -1) throw new Error('not a zip archive');
  const files = new Map();
  let at = bytes.readUInt32LE(end + 16);
  for (let left = bytes.readUInt16LE(end + 10); left > 0; left--) {
    const [method, size] = [bytes.readUInt16LE(at + 10), bytes.readUInt32LE(at + 20)];
    const [nameSize, extraSize, commentSize] = [28, 30, 32].map((offset) => bytes.readUInt16LE(at + offset));
    const local = bytes.readUInt32LE(at + 42);
    const start = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
    const packed = bytes.subarray(start, start + size);
    const name = bytes.toString('utf8', at + 46, at + 46 + nameSize);
    files.set(name, (method === 0 ? packed : inflateRawSync(packed)).toString('utf8'));
    at += 46 + nameSize + extraSize + commentSize;
  }
  return files;
};

/** `{min,max}`, a number, or for mixtures of experts `{total, active}`: here always total and active. */
const parameters = (value) => ('total' in Object(value) ? value : { total: value, active: value });

/** One record a line, so that a refresh is a readable diff. */
const lines = (object) => {
  const rows = Object.entries(object).map(([key, value]) => `  ${JSON.stringify(key)}: ${JSON.stringify(value)}`);
  return `{\n${rows.join(',\n')}\n}\n`;
};

/** The converted files by repository path. */
export const generate = async (wheel) => {
  const bytes = await readFile(wheel);
  const files = unzip(bytes);
  const { models, aliases } = JSON.parse(files.get('ecologits/data/models.json'));
  const { electricity_mixes: mixes } = JSON.parse(files.get('ecologits/data/electricity_mixes.json'));
  const licence = [...files.keys()].find((name) => name.endsWith('/licenses/LICENSE'));
  const version = /ecologits-([^-]+)-/.exec(basename(wheel))?.[1];

  const records = models.map(({ provider, name, architecture, deployment, warnings }) => [
    `${provider}/${name}`,
    {
      ...parameters(architecture.parameters),
      tps: deployment?.tps ?? null,
      ttft: deployment?.ttft ?? null,
      warnings: warnings ?? [],
    },
  ]);
  const aliasRecords = aliases.map(({ provider, name, alias }) => [
    `${provider}/${name}`,
    { alias: `${provider}/${alias}` },
  ]);
  const zones = mixes.map(({ name, adpe, pe, gwp, wue, warnings }) => [
    name,
    { adpe, pe, gwp, wue, warnings: warnings ?? [] },
  ]);

  return new Map([
    [`${target}/models.json`, lines(Object.fromEntries([...records, ...aliasRecords].sort()))],
    [`${target}/electricity_mixes.json`, lines(Object.fromEntries(zones.sort()))],
    [`${target}/LICENSE`, files.get(licence)],
    [`${target}/SOURCE.md`, source(version, wheel, createHash('sha256').update(bytes).digest('hex'))],
  ]);
};

const source = (version, wheel, sha256) => `# Where these files come from

\`models.json\` and \`electricity_mixes.json\` are the data of [EcoLogits](https://ecologits.ai) ${version}, converted by
\`build/ecologits.mjs\`. They are under the Mozilla Public License 2.0 (\`LICENSE\` beside this file), also where they are
part of a bundle. Our own code, formulas included, is not.

| | |
| --- | --- |
| Package | \`ecologits==${version}\` on PyPI, ${basename(wheel)} |
| SHA-256 of the wheel | \`${sha256}\` |
| Files taken | \`ecologits/data/models.json\`, \`ecologits/data/electricity_mixes.json\` |
| Source form | the package on PyPI, version ${version}, developed at <https://github.com/mlco2/ecologits> |

What the conversion does: one record per \`provider/model\` and per zone; \`architecture\` becomes \`total\` and \`active\`
(billions of parameters, a number or a range); \`deployment\` becomes \`tps\` (tokens per second) and \`ttft\` (seconds);
aliases stand among the models; the links to sources are left out. Zones are ISO 3166-1 alpha-3 codes, and \`WOR\` for the
world: \`adpe\` kgSbeq/kWh, \`pe\` MJ/kWh, \`gwp\` kgCO2eq/kWh, \`wue\` L/kWh. Numbers are unchanged.
`;

if (import.meta.main) {
  const wheel = process.argv[2];
  if (!wheel) throw new Error('usage: node build/ecologits.mjs WHEEL');
  for (const [path, content] of await generate(wheel)) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
  }
}
