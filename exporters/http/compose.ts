/** From a batch to the requests of a preset: events in their shape, in groups, in portions that the vendor takes. */
import type { Part } from '../net/in-turn.ts';
import type { Outgoing } from '../pipeline/outgoing.ts';
import type { Preset } from './presets.ts';
import { render, type Settings, Subject } from './shape.ts';

interface Item {
  readonly text: string;
  /** The group that it belongs to, as JSON; '' without groups. */
  readonly shared: string;
}

type Form = Pick<Preset, 'body' | 'group' | 'item' | 'most'>;

const bodyOf = (items: readonly Item[], { body: [before, between, behind], group }: Form): string => {
  if (!group) return before + items.map(({ text }) => text).join(between) + behind;
  const groups = [...Map.groupBy(items, ({ shared }) => shared)].map(
    ([shared, members]) =>
      group.before + shared + group.between + members.map(({ text }) => text).join(between) + group.behind,
  );
  return before + groups.join(',') + behind;
};

/** Bytes that an item costs, if it opens a group of its own. */
const sizeOf = ({ text, shared }: Item): number => Buffer.byteLength(text) + Buffer.byteLength(shared) + 64;

/** One that is too large alone travels alone: the vendor says what becomes of it. */
const portions = (items: readonly Item[], { events, bytes }: Preset['most']): Item[][] => {
  const all: Item[][] = [];
  let portion: Item[] = [];
  let size = 0;
  for (const item of items) {
    const more = bytes === Number.POSITIVE_INFINITY ? 0 : sizeOf(item);
    if (portion.length > 0 && (portion.length >= events || size + more > bytes)) {
      all.push(portion);
      portion = [];
      size = 0;
    }
    portion.push(item);
    size += more;
  }
  return [...all, portion];
};

export const compose = (form: Form, batch: readonly Outgoing[], settings: Settings): Part[] => {
  const items = batch.map((record) => {
    const subject = new Subject(record);
    return {
      text: render(form.item, subject, settings) ?? '',
      shared: form.group ? (render(form.group.shared, subject, settings) ?? '') : '',
    };
  });
  return portions(items, form.most).map((portion) => ({ count: portion.length, body: bodyOf(portion, form) }));
};
