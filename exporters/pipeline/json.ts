/** JSON values, as rules and projections look at them. */

export type JsonObject = Record<string, unknown>;

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** An own field; undefined: no such field, or no object. A key like `constructor` is a field as any other. */
export const field = (value: unknown, key: string): unknown =>
  isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;

/** Sets a field, also one called `__proto__`. */
export const setField = (object: JsonObject, key: string, value: unknown): void => {
  if (key === '__proto__')
    Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
  else object[key] = value;
};

/** Equal as JSON: the order of keys does not matter, 0 equals -0. */
export const isEqual = (one: unknown, other: unknown): boolean => {
  if (one === other) return true;
  if (Array.isArray(one))
    return (
      Array.isArray(other) && one.length === other.length && one.every((item, index) => isEqual(item, other[index]))
    );
  if (!isObject(one) || !isObject(other)) return false;
  const keys = Object.keys(one);
  return (
    keys.length === Object.keys(other).length &&
    keys.every((key) => Object.hasOwn(other, key) && isEqual(one[key], other[key]))
  );
};

/** The one operator that an object is: it has a single key, and that begins with `$`. */
export const operatorOf = (value: JsonObject): readonly [name: string, argument: unknown] | null => {
  const keys = Object.keys(value);
  const [name] = keys;
  return keys.length === 1 && name?.startsWith('$') ? [name, value[name]] : null;
};

/** How deep rules and projections may be nested. */
export const maxDepth = 200;

export const isDeep = (value: unknown, depth = 0): boolean =>
  typeof value === 'object' &&
  value !== null &&
  (depth >= maxDepth || Object.values(value).some((item) => isDeep(item, depth + 1)));
