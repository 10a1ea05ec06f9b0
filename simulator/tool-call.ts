/** Which tool an answer calls, and with what arguments. */
import type { Tool } from './ask.ts';
import { isObject } from './json.ts';

const depthLimit = 8;

/** A value that fits a JSON Schema: the first of its `enum`, or a small one of its `type`. */
const example = (schema: unknown, depth: number): unknown => {
  if (!isObject(schema) || depth > depthLimit) return null;
  if (Array.isArray(schema.enum) && schema.enum.length > 0) return schema.enum[0];
  if ('const' in schema) return schema.const;
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  if (type === 'string') return 'example';
  if (type === 'integer' || type === 'number') return typeof schema.minimum === 'number' ? schema.minimum : 1;
  if (type === 'boolean') return true;
  if (type === 'array') return [example(schema.items, depth + 1)];
  if (type === 'object' || isObject(schema.properties)) return objectFor(schema, depth);
  return null;
};

const objectFor = (schema: unknown, depth: number): { [name: string]: unknown } =>
  Object.fromEntries(
    Object.entries(isObject(schema) && isObject(schema.properties) ? schema.properties : {}).map(([name, property]) => [
      name,
      example(property, depth + 1),
    ]),
  );

/** Arguments that fit the tool's schema. */
export const argumentsFor = (schema: unknown): { [name: string]: unknown } => objectFor(schema, 0);

/** The tool that this turn calls: the one asked for, else the first, unless the last message already brings a result. */
export const toolToCall = (
  tools: readonly Tool[],
  asked: { name?: unknown; none: boolean; answered: boolean },
): Tool | null => {
  if (asked.none || tools.length === 0) return null;
  const named = tools.find((tool) => tool.name === asked.name);
  return named ?? (asked.answered ? null : (tools[0] ?? null));
};
