/** The field catalogue as JSON Schema 2020-12. */
import { events, maxItems, maxLength } from '../schemas/fields.ts';

const integer = { type: 'integer', minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER };

/** @type {Record<import('../schemas/fields.ts').FieldType, object>} */
const shapes = {
  keyword: { type: 'string', maxLength: maxLength.keyword },
  text: { type: 'string', maxLength: maxLength.text },
  integer,
  number: { type: 'number' },
  boolean: { type: 'boolean' },
  timestamp: integer,
  object: { type: 'object' },
  flattened: {
    type: 'object',
    maxProperties: maxItems,
    additionalProperties: { type: 'string', maxLength: maxLength.keyword },
  },
  json: { type: 'object' },
};

const nullable = (shape) => ({
  ...shape,
  type: [shape.type, 'null'],
  ...(shape.enum && { enum: [...shape.enum, null] }),
});

/** The schema of one field; `children` are the fields below it. */
const property = (field, children) => {
  const { title, description, ...notes } = {
    title: field.label,
    description: field.description,
    ...(field.unit && { 'x-unit': field.unit }),
    ...(field.example !== null && { examples: [field.example] }),
  };
  let shape = { ...shapes[field.type] };
  if (field.values) shape = { type: 'string', enum: [...field.values] };
  if (field.minimum !== null) shape.minimum = field.minimum;
  if (field.type === 'object') shape = { ...shape, ...objectOf(field.path, children) };
  if (field.array) shape = { type: 'array', maxItems, items: shape };
  if (field.nullable) shape = nullable(shape);
  return { title, description, ...notes, ...shape };
};

/** Keywords of an object whose own fields are those of `fields` right below `path`. */
const objectOf = (path, fields) => {
  const prefix = path === '' ? '' : `${path}.`;
  const own = fields.filter((field) => field.path.startsWith(prefix) && !field.path.slice(prefix.length).includes('.'));
  const names = own.map((field) => field.path.slice(prefix.length));
  return {
    additionalProperties: false,
    required: names,
    properties: Object.fromEntries(
      own.map((field, index) => [
        names[index],
        property(
          field,
          fields.filter((child) => child.path.startsWith(`${field.path}.`)),
        ),
      ]),
    ),
  };
};

/** @returns {Map<string, object>} event name → schema */
export const eventSchemas = () =>
  new Map(
    Object.entries(events).map(([name, event]) => [
      name,
      {
        $schema: 'https://json-schema.org/draft/2020-12/schema',
        $id: `${event.file}.schema.json`,
        title: name,
        description: `${event.title}. ${event.description}`,
        type: 'object',
        ...objectOf('', event.fields),
      },
    ]),
  );
