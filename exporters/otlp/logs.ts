/**
 * A batch as an ExportLogsServiceRequest. Field numbers: opentelemetry-proto v1, collector/logs/v1/logs_service.proto,
 * logs/v1/logs.proto, resource/v1, common/v1. Written by hand: the package that does it (`@opentelemetry/otlp-transformer`)
 * is experimental, wants records of its SDK and brings five packages for messages that have been stable since 1.0.
 */
import { eventOf, type Outgoing } from '../pipeline/outgoing.ts';
import { type Attribute, at, attributesOf } from './attributes.ts';
import { ProtobufWriter } from './protobuf.ts';
import { severityOf } from './severity.ts';

const schemaUrl = 'https://opentelemetry.io/schemas/1.41.0';

/** Milliseconds: what fits into 64 bits of nanoseconds, the year 2554. */
const lastTime = 18_446_744_073_709;

const nanoseconds = (milliseconds: number): bigint =>
  BigInt(Math.min(Math.max(Math.trunc(milliseconds) || 0, 0), lastTime)) * 1_000_000n;

/** Hexadecimal digits as bytes; null for what is no id by W3C Trace Context. */
const idOf = (text: unknown, digits: number): Buffer | null =>
  typeof text === 'string' && text.length === digits && /^[0-9a-f]+$/i.test(text) && !/^0+$/.test(text)
    ? Buffer.from(text, 'hex')
    : null;

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
};

const writeAttribute = (writer: ProtobufWriter, field: number, [name, type, value]: Attribute): void =>
  writer.message(field, () => {
    writer.message(2, () => {
      if (type === 'string') writer.string(1, value);
      else if (type === 'boolean') writer.integer(2, value ? 1 : 0);
      else if (type === 'integer') writer.integer(3, value);
      else if (type === 'double') writer.double(4, value);
      else {
        writer.message(5, () => {
          for (const one of value.toReversed()) writer.message(1, () => writer.string(1, one));
        });
      }
    });
    writer.string(1, name);
  });

const writeAttributes = (writer: ProtobufWriter, field: number, attributes: readonly Attribute[]): void => {
  for (const attribute of attributes.toReversed()) writeAttribute(writer, field, attribute);
};

const writeRecord = (writer: ProtobufWriter, record: Outgoing, observed: bigint): void =>
  writer.message(2, () => {
    const accepted = eventOf(record);
    // What is sent: a projection may have left little of the event.
    const event = record.original === undefined ? accepted : parsed(record.body);
    const traceId = idOf(at(event, ['trace', 'id']), 32);
    const spanId = traceId && idOf(at(event, ['span', 'id']), 16);
    const { number, text } = severityOf(record.kind, accepted);
    writer.string(12, record.kind); // event_name
    writer.fixed64(11, observed);
    if (spanId) writer.bytes(10, spanId);
    if (traceId) writer.bytes(9, traceId);
    writeAttributes(writer, 6, [
      ['log.record.uid', 'string', record.id], // by the convention, records with the same are one
      ['event-id', 'string', record.id], // as in the headers of Kafka
      ...attributesOf(event),
    ]);
    writer.message(5, () => writer.string(1, record.body));
    writer.string(3, text);
    writer.integer(2, number);
    writer.fixed64(1, nanoseconds(record.at));
  });

/** `now`: epoch milliseconds. */
export const logsRequest = (
  batch: readonly Outgoing[],
  resource: Readonly<Record<string, string>>,
  now: number,
): Buffer => {
  // An event in plain ASCII, and its attributes.
  const writer = new ProtobufWriter(batch.reduce((sum, { body }) => sum + body.length + 2_048, 1_024));
  const observed = nanoseconds(now);
  writer.message(1, () => {
    writer.message(2, () => {
      writer.string(3, schemaUrl);
      for (const record of batch.toReversed()) writeRecord(writer, record, observed);
      writer.message(1, () => writer.string(1, 'llm-usage-audit'));
    });
    writer.message(1, () =>
      writeAttributes(
        writer,
        1,
        Object.entries(resource).map(([name, value]): Attribute => [name, 'string', value]),
      ),
    );
  });
  return writer.result;
};
