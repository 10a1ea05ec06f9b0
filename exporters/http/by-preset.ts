/** A type for each row of presets.ts. */
import type { About } from '../kind.ts';
import { secretsOf } from '../net/answer.ts';
import { readHeaders, urlSchema } from '../net/target.ts';
import { readTls } from '../net/tls.ts';
import { compose } from './compose.ts';
import type { Preset } from './presets.ts';
import { type Common, common, commonProblems, type HttpConfig, headerValueProblem } from './settings.ts';
import { settingsOf } from './shape.ts';

type WrittenPreset = Common & Readonly<Record<string, unknown>>;

const has = (headers: Readonly<Record<string, string>> | undefined, name: string): boolean =>
  Object.keys(headers ?? {}).some((key) => key.toLowerCase() === name);

const completed = (text: string, path: string): string => {
  const url = new URL(text);
  return url.pathname === '/' && url.search === '' ? new URL(path, url).href : text;
};

const credentials = (preset: Preset, config: WrittenPreset): Record<string, string> =>
  Object.fromEntries(
    Object.entries(preset.headers).flatMap(([name, { prefix = '', setting }]) => {
      const value = config[setting];
      return typeof value === 'string' && value !== '' ? [[name, `${prefix}${value}`]] : [];
    }),
  );

/** See README.md. */
export const byPreset = (preset: Preset): About<WrittenPreset, HttpConfig> => ({
  schema: {
    type: 'object',
    additionalProperties: false,
    ...(preset.url === undefined && { required: ['url'] }),
    properties: {
      url: {
        ...urlSchema,
        ...(preset.url !== undefined && { default: preset.url }),
        description: `Where events go; \`${preset.path}\` is added to an address without a path.`,
        examples: preset.examples,
      },
      ...preset.properties,
      ...common,
    },
  },

  problems: (config, place) => [
    ...commonProblems(config, place, ['content-type', ...Object.keys(credentials(preset, config))]),
    ...Object.entries(preset.headers).flatMap(([name, { setting, needed }]) => {
      const value = config[setting];
      const message =
        typeof value === 'string' && value !== ''
          ? headerValueProblem(value)
          : needed && !has(config.headers, name)
            ? 'missing'
            : null;
      return message === null ? [] : [{ place: `${place}.${setting}`, message }];
    }),
    ...sharedLabels(preset).flatMap((label) =>
      Object.hasOwn(config['labels'] ?? {}, label)
        ? [{ place: `${place}.labels.${label}`, message: 'this label is set by the exporter itself' }]
        : [],
    ),
  ],

  read: (config) => {
    const url = completed(config.url ?? preset.url ?? '', preset.path);
    const headers = {
      ...readHeaders(config.headers),
      ...credentials(preset, config),
      'content-type': 'application/json',
    };
    const settings = settingsOf(config);
    return {
      url,
      method: 'POST',
      headers,
      timeout: config.timeout ?? null,
      tls: readTls(config),
      gzip: config.compression === 'gzip',
      parts: (batch) => compose(preset, batch, settings),
      table: { statuses: preset.statuses, codes: preset.codes },
      health: preset.health,
      secrets: secretsOf(url, headers),
      warnings: [],
    };
  },
});

/** Labels that come from events: written a second time they would be there twice. */
const sharedLabels = ({ group, properties }: Preset): string[] =>
  group && 'labels' in properties ? Object.keys(group.shared) : [];
