/** What a generated validator says of a value that does not fit, and how that reads. */

export interface SchemaError {
  /** JSON pointer into the value. */
  readonly instancePath: string;
  /** The schema keyword that was broken, e.g. `required`, `enum`, `additionalProperties`. */
  readonly keyword: string;
  readonly params: Readonly<Record<string, unknown>>;
  /** The name that is wrong, for errors of `propertyNames`. */
  readonly propertyName?: string;
  /** The schema with the broken keyword; only of validators that are made to tell it. */
  readonly parentSchema?: { readonly properties?: Readonly<Record<string, unknown>> };
}

export interface Validator {
  (value: unknown): boolean;
  errors?: readonly SchemaError[] | null;
}

/** The steps of a JSON pointer, unescaped. */
export const steps = (pointer: string): string[] =>
  pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));

const list = (value: unknown, between: string): string => (Array.isArray(value) ? value.join(between) : String(value));

/** What is wrong, without the place and without the value: values may be secret. */
export const reason = ({ keyword, params }: SchemaError): string => {
  switch (keyword) {
    case 'required':
      return `"${params['missingProperty']}" is missing`;
    case 'additionalProperties':
    case 'unevaluatedProperties':
      return `there is no "${params['additionalProperty'] ?? params['unevaluatedProperty']}" here`;
    case 'type':
      return `must be ${list(params['type'], ' or ')}`;
    case 'enum':
      return `must be one of ${list(params['allowedValues'], ', ')}`;
    case 'const':
      return `must be ${params['allowedValue']}`;
    case 'minimum':
      return `must be at least ${params['limit']}`;
    case 'maximum':
      return `must be at most ${params['limit']}`;
    case 'minLength':
      return params['limit'] === 1 ? 'must not be empty' : `must have at least ${params['limit']} characters`;
    case 'maxLength':
      return `must have at most ${params['limit']} characters`;
    case 'minItems':
    case 'minProperties':
      return `must have at least ${params['limit']} of them`;
    case 'maxItems':
    case 'maxProperties':
      return `must have at most ${params['limit']} of them`;
    case 'pattern':
      return `must match ${params['pattern']}`;
    default:
      return `breaks the rule ${keyword}`;
  }
};
