/** google.protobuf.Struct, in which Envoy carries metadata and attributes, from and to JSON. */
import type { Json, JsonObject } from '../../wire.ts';
import type { ProtoStruct, ProtoValue } from './messages.ts';

export const fromStruct = ({ fields = {} }: ProtoStruct): JsonObject => {
  const object: JsonObject = Object.create(null);
  for (const name in fields) object[name] = fromValue(fields[name] as ProtoValue);
  return object;
};

const fromValue = (value: ProtoValue): Json => {
  if (value.structValue !== undefined) return fromStruct(value.structValue);
  if (value.listValue !== undefined) return (value.listValue.values ?? []).map(fromValue);
  return value.stringValue ?? value.numberValue ?? value.boolValue ?? null;
};

/** Texts under one name: the one shape that we send. */
export const namespaceOf = (name: string, texts: Readonly<Record<string, string>>): ProtoStruct => ({
  fields: {
    [name]: {
      structValue: {
        fields: Object.fromEntries(Object.entries(texts).map(([key, stringValue]) => [key, { stringValue }])),
      },
    },
  },
});
