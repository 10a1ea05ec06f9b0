/** A `console` exporter has nothing to set. */
import type { Problem } from '../kind.ts';

export const schema = { type: 'object', additionalProperties: false, default: {}, properties: {} } as const;

export const problems = (): Problem[] => [];

export const read = (): Record<string, never> => ({});
