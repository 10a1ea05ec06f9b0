/**
 * Parses JSON texts that differ from each other in a few strings and numbers only, as the events of a stream do: what is
 * the same in all is compared, which is several times as fast as parsing it again.
 */
import type { Json, JsonObject } from '../wire.ts';
import { type Leaf, leavesOf, numberEnd, stringEnd } from './json-leaves.ts';

/** Learning a form costs about as much as parsing; a series that does not repeat itself is left alone for a while. */
const patience = 8;
const rest = 32;
const longest = 4096;
const backslash = 0x5c;
const letterU = 0x75;
/** Shorter pieces of a string are copies in V8; longer ones would keep all of it alive. */
const shortest = 13;

/** A string or number that varies. */
export interface Hole {
  readonly isText: boolean;
  readonly parent: JsonObject | Json[];
  readonly key: string;
}

export class JsonSeries {
  /** The value that is filled anew for each text of the series; null while no form is known. */
  value: JsonObject | null = null;
  holes: readonly Hole[] = [];
  #between: readonly string[] = [];
  #starts = new Int32Array(0);
  #ends = new Int32Array(0);
  #values: Json[] = [];
  #all: readonly number[] = [];
  #text = '';
  #learned: { text: string; leaves: readonly Leaf[] } | null = null;
  #credit = patience;

  /** Whether this text is of the known form. */
  matches(text: string): boolean {
    if (this.value === null) return false;
    const { holes } = this;
    let at = 0;
    for (let hole = 0; ; hole++) {
      const same = this.#between[hole] as string;
      const from = at;
      at += same.length;
      // Several times as fast as `startsWith`.
      if (text.slice(from, at) !== same) return false;
      if (hole === holes.length) break;
      this.#starts[hole] = at;
      at = (holes[hole] as Hole).isText ? stringEnd(text, at) : numberEnd(text, at);
      if (at < 0) return false;
      this.#ends[hole] = at;
    }
    if (at !== text.length) return false;
    this.#text = text;
    if (this.#credit < patience) this.#credit++;
    return true;
  }

  /** Characters of a string that varies, in the text that matched last. */
  lengthOf(hole: number): number {
    const start = this.#starts[hole] as number;
    const end = this.#ends[hole] as number;
    let length = end - start;
    for (let at = start; at < end; at++) {
      if (this.#text.charCodeAt(at) !== backslash) continue;
      const size = this.#text.charCodeAt(at + 1) === letterU ? 6 : 2;
      length -= size - 1;
      at += size - 1;
    }
    return length;
  }

  /**
   * Fills in the text that matched last; false when it is malformed, and nothing was filled in.
   * @param holes that are wanted; null for all.
   */
  fill(holes: readonly number[] | null): boolean {
    const wanted = holes ?? this.#all;
    for (const at of wanted) {
      const value = this.#valueOf(at, (this.holes[at] as Hole).isText);
      if (value === null) return false;
      this.#values[at] = value;
    }
    for (const at of wanted) {
      const { parent, key } = this.holes[at] as Hole;
      (parent as JsonObject)[key] = this.#values[at];
    }
    return true;
  }

  #valueOf(hole: number, isText: boolean): Json {
    const start = this.#starts[hole] as number;
    const end = this.#ends[hole] as number;
    const raw = this.#text.slice(start, end);
    if (isText)
      return raw.length < shortest && !raw.includes('\\') ? raw : parsed(this.#text.slice(start - 1, end + 1));
    const number = Number(raw);
    return String(number) === raw ? number : parsed(raw);
  }

  /** Learns the form from a text that did not match. Whether one is known now. */
  learn(text: string, value: JsonObject): boolean {
    if (this.#credit <= -rest) this.#credit = 2;
    if (this.#credit-- <= 0 || text.length > longest) return false;
    const leaves = leavesOf(text, value);
    const before = this.#learned;
    this.#learned = leaves && { text, leaves };
    const holes = before && leaves && varying(before.text, before.leaves, text, leaves, this.holes);
    if (holes) this.#adopt(text, value, holes);
    else this.value = null;
    return this.value !== null;
  }

  #adopt(text: string, value: JsonObject, holes: readonly Leaf[]): void {
    const edges = [0, ...holes.flatMap(({ start, end }) => [start, end]), text.length];
    this.#between = holes
      .map((_, hole) => text.slice(edges[2 * hole], edges[2 * hole + 1]))
      .concat(text.slice(edges.at(-2)));
    this.#starts = new Int32Array(holes.length);
    this.#ends = new Int32Array(holes.length);
    this.#values = [];
    this.#all = [...holes.keys()];
    this.holes = holes;
    this.value = value;
  }
}

/** The leaves by which two texts differ, and those that varied before; null when they differ in more than leaves. */
const varying = (
  a: string,
  leavesA: readonly Leaf[],
  b: string,
  leavesB: readonly Leaf[],
  known: readonly Hole[],
): Leaf[] | null => {
  if (leavesA.length !== leavesB.length) return null;
  const varied: Leaf[] = [];
  let [endA, endB] = [0, 0];
  for (const [at, leafB] of leavesB.entries()) {
    const leafA = leavesA[at] as Leaf;
    if (leafA.isText !== leafB.isText || a.slice(endA, leafA.start) !== b.slice(endB, leafB.start)) return null;
    const differs = a.slice(leafA.start, leafA.end) !== b.slice(leafB.start, leafB.end);
    if (differs || known.some(({ parent, key }) => parent === leafA.parent && key === leafA.key)) varied.push(leafB);
    endA = leafA.end;
    endB = leafB.end;
  }
  return a.slice(endA) === b.slice(endB) ? varied : null;
};

const parsed = (text: string): Json => {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return null;
  }
};
