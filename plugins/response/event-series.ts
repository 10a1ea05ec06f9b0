/** Reads the events of one name in a stream, most of which differ from each other in a piece of text only. */
import { type Dialect, newReading, type Reading } from '../dialects/dialect.ts';
import { type Hole, JsonSeries } from '../framing/json-series.ts';
import type { Json, JsonObject } from '../wire.ts';

export class EventSeries {
  readonly #series = new JsonSeries();
  /** Of the holes, those whose characters are all that the format takes from such an event; null: it takes more. */
  #texts: readonly number[] | null = null;
  /** Characters of text that stand in every event of the form. */
  #always = 0;

  /** Reads an event of a form that is known; false: it must be parsed. */
  read(dialect: Dialect, reading: Reading, name: string | null, text: string): boolean {
    const series = this.#series;
    if (!series.matches(text)) return false;
    if (reading.text === null && this.#texts) {
      reading.outputChars += this.#always;
      for (const hole of this.#texts) reading.outputChars += series.lengthOf(hole);
      return true;
    }
    if (series.value === null || !series.fill(this.#texts)) return false;
    dialect.event(reading, name, series.value);
    return true;
  }

  /** Learns the form of an event that was parsed, and read. */
  learn(dialect: Dialect, name: string | null, text: string, event: JsonObject): void {
    this.#texts = null;
    if (!this.#series.learn(text, event)) return;
    const { holes } = this.#series;
    const plain = newReading(false);
    dialect.event(plain, name, event);
    this.#texts = tellsNothing(plain) ? onlyTexts(dialect, name, event, holes) : null;
    this.#always = plain.outputChars - (this.#texts ?? []).reduce((sum, at) => sum + length(holes[at]), 0);
  }
}

/**
 * Tries what the format takes from an event. Only of an event that tells it nothing but text can the rest be left alone:
 * what varies must be text whose length counts, or something that is not looked at.
 */
const onlyTexts = (
  dialect: Dialect,
  name: string | null,
  event: JsonObject,
  holes: readonly Hole[],
): number[] | null => {
  const texts: number[] = [];
  for (const [at, hole] of holes.entries()) {
    const chars = charsOf(dialect, name, event, hole);
    if (chars === null) return null;
    if (chars > 0) texts.push(at);
  }
  return texts;
};

const length = (hole: Hole | undefined): number => {
  const text = hole && (hole.parent as JsonObject)[hole.key];
  return typeof text === 'string' ? text.length : 0;
};

const probe = 'seventeen letters';

/** How many characters of the probe are counted where this hole is: all, or none as it is not looked at; else null. */
const charsOf = (dialect: Dialect, name: string | null, event: JsonObject, hole: Hole): number | null => {
  const kept = (hole.parent as JsonObject)[hole.key];
  let looked = false;
  const tell = (value: Json): Reading => {
    const get = () => {
      looked = true;
      return value;
    };
    Object.defineProperty(hole.parent, hole.key, { get, enumerable: true, configurable: true });
    const reading = newReading(false);
    dialect.event(reading, name, event);
    return reading;
  };
  const [empty, full] = hole.isText ? [tell(''), tell(probe)] : [tell(0), tell(1)];
  Object.defineProperty(hole.parent, hole.key, { value: kept, enumerable: true, configurable: true, writable: true });
  if (!tellsNothing(empty) || !tellsNothing(full)) return null;
  const chars = full.outputChars - empty.outputChars;
  return !looked || chars === probe.length ? chars : null;
};

/** Model and id aside: they stand in every event, and were read with the first. */
const tellsNothing = (reading: Reading): boolean =>
  reading.usage === null &&
  reading.reported === null &&
  reading.error === null &&
  reading.finish.length === 0 &&
  reading.toolCalls.length === 0 &&
  !(reading.complete || reading.pending || reading.deferred || reading.invalid);
