/** What a `file` exporter needs to know, in Otoroshi's names where it has one. */
import type { Problem } from '../kind.ts';
import { duration, size } from '../schema.ts';
import { bytes, milliseconds } from '../units.ts';

export const schema = {
  type: 'object',
  additionalProperties: false,
  required: ['path'],
  properties: {
    path: {
      type: 'string',
      minLength: 1,
      maxLength: 4096,
      description:
        'The file that gets one line of JSON per event; relative to the working directory. It may hold `{date}` ' +
        '(2026-01-31), `{year}`, `{month}`, `{day}`, `{hour}`, `{time}` (23-59): the time of writing, UTC. Folders are made when missing.',
      examples: ['./llm-audit-data/events.ndjson', '/var/log/llm-audit/events-{date}.ndjson'],
    },
    maxFileSize: {
      ...size,
      default: '64MiB',
      description:
        'A file that would grow over this is put aside under a name with the time in it, and a new one begun.',
    },
    maxFileAge: {
      ...duration,
      description: 'A file is also put aside when its first line is older than this. Absent: never.',
      examples: ['24h'],
    },
    maxNumberOfFile: {
      type: 'integer',
      minimum: 0,
      default: 0,
      description: 'Files kept beside the current one; the oldest are deleted. 0: all.',
    },
    maxTotalSize: {
      ...size,
      description: 'The oldest files are deleted when all together are larger. Absent: no bound.',
      examples: ['1GiB'],
    },
    gzip: {
      type: 'boolean',
      default: false,
      description: 'Files that nothing is added to any more are compressed, as `….gz`.',
    },
  },
} as const;

export interface FileConfig {
  /** With placeholders in its name, perhaps. */
  readonly path: string;
  /** Bytes. */
  readonly maxFileSize: number;
  /** Milliseconds; Infinity: no rotation by age. */
  readonly maxFileAge: number;
  /** Infinity: all are kept. */
  readonly maxNumberOfFile: number;
  /** Bytes; Infinity: no bound. */
  readonly maxTotalSize: number;
  readonly gzip: boolean;
}

interface Written {
  path: string;
  maxFileSize?: string | number;
  maxFileAge?: string | number;
  maxNumberOfFile?: number;
  maxTotalSize?: string | number;
  gzip?: boolean;
}

export const placeholders = ['date', 'year', 'month', 'day', 'hour', 'time'] as const;

/** What the schema cannot say. */
export const problems = (config: Written, place: string): Problem[] =>
  [...config.path.matchAll(/\{([^}]*)\}/g)]
    .filter(([, name]) => !placeholders.some((known) => known === name))
    .map(([text]) => ({
      place: `${place}.path`,
      message: `unknown placeholder ${text}; accepted: ${placeholders.map((name) => `{${name}}`).join(', ')}`,
    }));

export const read = (config: Written): FileConfig => ({
  path: config.path,
  maxFileSize: bytes(config.maxFileSize ?? schema.properties.maxFileSize.default),
  maxFileAge: config.maxFileAge === undefined ? Number.POSITIVE_INFINITY : milliseconds(config.maxFileAge),
  maxNumberOfFile: config.maxNumberOfFile || Number.POSITIVE_INFINITY,
  maxTotalSize: config.maxTotalSize === undefined ? Number.POSITIVE_INFINITY : bytes(config.maxTotalSize),
  gzip: config.gzip ?? false,
});
