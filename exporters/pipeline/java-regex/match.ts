/**
 * Runs a compiled pattern over a text: depth first like Java, but a split is never taken twice at one place, so that no
 * pattern without back references costs more than steps x characters, and none at all more than a fixed number of steps.
 */
import type { Compiled, Program } from './program.ts';

/**
 * Steps after which a text counts as not matching: about a second. Without groups that look around or hold on to what they
 * took, steps grow with the text only, and this is some megabytes of it.
 */
const maxWork = 20_000_000;
/** The same where steps may grow faster than the text: about a tenth of a second. */
const maxHardWork = 2_000_000;

interface Run {
  readonly text: string;
  readonly remembers: boolean;
  readonly slots: Int32Array;
  left: number;
}

class TooMuchWork extends Error {}

const widthAt = (text: string, at: number): 1 | 2 => ((text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1);

/** Where the group's text ends when it stands at `at` again, or -1. */
const repeated = (run: Run, group: number, at: number, same: (one: number, other: number) => boolean): number => {
  const { text, slots } = run;
  const [from, to] = [slots[group * 2] ?? -1, slots[group * 2 + 1] ?? -1];
  if (from < 0 || to < from) return -1;
  let here = at;
  for (let place = from; place < to; place += widthAt(text, place)) {
    if (here >= text.length || !same(text.codePointAt(place) ?? 0, text.codePointAt(here) ?? 0)) return -1;
    here += widthAt(text, here);
  }
  run.left -= here - at;
  return here;
};

/** The end of the first match that starts at `from` and, unless `until` is null, ends there; or -1. */
const search = (run: Run, { steps, splits }: Program, from: number, until: number | null): number => {
  const { text, slots } = run;
  const width = text.length - from + 1;
  const bits = run.remembers || splits === 0 ? 0 : splits * width;
  if (bits > 2 ** 28) throw new TooMuchWork();
  const seen = new Uint32Array((bits + 31) >>> 5);
  // Pairs: step and place to try, or ~slot and the value to put back.
  const pending: number[] = [];
  let step = 0;
  let at = from;
  for (;;) {
    if (--run.left < 0) throw new TooMuchWork();
    const here = steps[step];
    let holds = false;
    if (here === undefined) return -1;
    switch (here.op) {
      case 'end':
        if (until === null || at === until) return at;
        break;
      case 'char': {
        if (at >= text.length) break;
        const code = text.codePointAt(at) as number;
        holds = here.is(code);
        if (holds) at += code > 0xffff ? 2 : 1;
        break;
      }
      case 'jump':
        step = here.to;
        continue;
      case 'split': {
        if (bits > 0) {
          const bit = here.mark * width + at - from;
          const mask = 1 << (bit & 31);
          if (((seen[bit >>> 5] ?? 0) & mask) !== 0) break;
          seen[bit >>> 5] = (seen[bit >>> 5] ?? 0) | mask;
        }
        pending.push(here.second, at);
        step = here.first;
        continue;
      }
      case 'assert':
        holds = here.holds(text, at);
        break;
      case 'save':
        pending.push(~here.slot, slots[here.slot] ?? -1);
        slots[here.slot] = at;
        holds = true;
        break;
      case 'progress':
        if (slots[here.slot] !== at) holds = true;
        else {
          step = here.exit;
          continue;
        }
        break;
      case 'inner': {
        const before = run.remembers ? slots.slice() : null;
        const found =
          here.behind === null ? search(run, here.program, at, null) : behind(run, here.program, at, here.behind);
        holds = found >= 0 !== here.negative;
        if (before) for (const [slot, value] of before.entries()) if (slots[slot] !== value) pending.push(~slot, value);
        if (holds && here.consumes) at = found;
        break;
      }
      case 'back': {
        const end = repeated(run, here.group, at, here.same);
        holds = end >= 0;
        if (holds) at = end;
        break;
      }
    }
    if (holds) {
      step++;
      continue;
    }
    for (;;) {
      const place = pending.pop();
      const next = pending.pop();
      if (next === undefined || place === undefined) return -1;
      if (next >= 0) {
        step = next;
        at = place;
        break;
      }
      slots[~next] = place;
    }
  }
};

const behind = (run: Run, program: Program, at: number, longest: number): number => {
  for (let from = at; from >= Math.max(0, at - longest); from--) if (search(run, program, from, at) >= 0) return from;
  return -1;
};

/** Whether the whole text matches; null: it would take too long to know. */
export const matchesWhole = (program: Compiled, text: string): boolean | null => {
  const run: Run = {
    text,
    remembers: program.remembers,
    slots: new Int32Array(program.slots).fill(-1),
    left: program.isHard ? maxHardWork : maxWork,
  };
  try {
    return search(run, program, 0, text.length) >= 0;
  } catch (thrown) {
    if (thrown instanceof TooMuchWork) return null;
    throw thrown;
  }
};
