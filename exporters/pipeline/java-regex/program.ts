/** A pattern as steps for the matcher in match.ts. */
import {
  type Assertion,
  type CharTest,
  longest,
  type Node,
  nullable,
  type Pattern,
  UnsupportedPattern,
} from './syntax.ts';

export type Step =
  /** The text ends here, or the inner program does. */
  | { op: 'end' }
  | { op: 'char'; is: CharTest }
  | { op: 'jump'; to: number }
  /** Two ways on, `first` before `second`. `mark` counts the splits: a split is taken once at each place of a text. */
  | { op: 'split'; first: number; second: number; mark: number }
  | { op: 'assert'; holds: Assertion }
  | { op: 'save'; slot: number }
  /** Leaves a loop whose last turn ate nothing. */
  | { op: 'progress'; slot: number; exit: number }
  | { op: 'inner'; program: Program; behind: number | null; negative: boolean; consumes: boolean }
  | { op: 'back'; group: number; same: (one: number, other: number) => boolean };

export interface Program {
  readonly steps: readonly Step[];
  readonly splits: number;
}

export interface Compiled extends Program {
  /** Of groups (two each) and loops. */
  readonly slots: number;
  /** Back references make the same place of the same split depend on the way there. */
  readonly remembers: boolean;
  /** Work may grow faster than the text: there are back references, look-arounds, atomic groups or possessive repeats. */
  readonly isHard: boolean;
}

/** More steps than this are refused: counted repeats are unrolled. */
const maxSteps = 50_000;
const maxOptional = 2_000;

/** What all the programs of one pattern share. */
class Totals {
  steps = 0;
  slots: number;
  inners = 0;
  /** Groups are only remembered when something refers back to them. */
  readonly remembers: boolean;

  constructor({ groups, hasBackReference }: Pattern) {
    this.remembers = hasBackReference;
    this.slots = hasBackReference ? (groups + 1) * 2 : 0;
  }
}

type Inner = Omit<Step & { op: 'inner' }, 'op' | 'program'>;

const consuming: Inner = { behind: null, negative: false, consumes: true };

class Builder {
  readonly #totals: Totals;
  readonly #steps: Step[] = [];
  #splits = 0;

  constructor(totals: Totals) {
    this.#totals = totals;
  }

  program(node: Node): Program {
    this.#build(node);
    this.#emit({ op: 'end' });
    return { steps: this.#steps, splits: this.#splits };
  }

  get #here(): number {
    return this.#steps.length;
  }

  #emit<Kind extends Step>(step: Kind): Kind {
    if (++this.#totals.steps > maxSteps) throw new UnsupportedPattern(`more than ${maxSteps} steps`);
    this.#steps.push(step);
    return step;
  }

  #split(): Step & { op: 'split' } {
    return this.#emit({ op: 'split', first: 0, second: 0, mark: this.#splits++ });
  }

  #inner(body: Node, rest: Inner): void {
    this.#totals.inners++;
    this.#emit({ op: 'inner', program: new Builder(this.#totals).program(body), ...rest });
  }

  #build(node: Node): void {
    switch (node.type) {
      case 'char':
        this.#emit({ op: 'char', is: node.is });
        break;
      case 'sequence':
        for (const part of node.parts) this.#build(part);
        break;
      case 'choice':
        this.#choice(node.parts);
        break;
      case 'repeat':
        if (node.kind === 'possessive') this.#inner({ ...node, kind: 'greedy' }, consuming);
        else this.#repeat(node, node.kind === 'lazy');
        break;
      case 'group':
        if (this.#totals.remembers) this.#emit({ op: 'save', slot: node.number * 2 });
        this.#build(node.body);
        if (this.#totals.remembers) this.#emit({ op: 'save', slot: node.number * 2 + 1 });
        break;
      case 'atomic':
        this.#inner(node.body, consuming);
        break;
      case 'look':
        this.#inner(node.body, {
          behind: node.behind ? longest(node.body) : null,
          negative: node.negative,
          consumes: false,
        });
        break;
      case 'back':
        this.#emit({ op: 'back', group: node.group, same: node.same });
        break;
      case 'assert':
        this.#emit({ op: 'assert', holds: node.holds });
    }
  }

  #choice([first, ...rest]: readonly Node[]): void {
    if (!first) return;
    if (rest.length === 0) {
      this.#build(first);
      return;
    }
    const fork = this.#split();
    fork.first = this.#here;
    this.#build(first);
    const jump = this.#emit({ op: 'jump', to: 0 });
    fork.second = this.#here;
    this.#choice(rest);
    jump.to = this.#here;
  }

  #repeat({ body, min, max }: Node & { type: 'repeat' }, lazy: boolean): void {
    for (let turn = 0; turn < min; turn++) this.#build(body);
    if (max === Number.POSITIVE_INFINITY) this.#loop(body, lazy);
    else if (max - min > maxOptional) throw new UnsupportedPattern(`a count that may vary by more than ${maxOptional}`);
    else this.#optional(body, max - min, lazy);
  }

  /** `x{0,turns}`: each turn may be the last. */
  #optional(body: Node, turns: number, lazy: boolean): void {
    const forks = Array.from({ length: turns }, () => {
      const fork = this.#split();
      const inside = this.#here;
      this.#build(body);
      return { fork, inside };
    });
    for (const { fork, inside } of forks)
      [fork.first, fork.second] = lazy ? [this.#here, inside] : [inside, this.#here];
  }

  #loop(body: Node, lazy: boolean): void {
    const start = this.#here;
    const fork = this.#split();
    const inside = this.#here;
    const slot = nullable(body) ? this.#totals.slots++ : null;
    if (slot !== null) this.#emit({ op: 'save', slot });
    this.#build(body);
    const progress = slot === null ? null : this.#emit({ op: 'progress', slot, exit: 0 });
    this.#emit({ op: 'jump', to: start });
    if (progress) progress.exit = this.#here;
    [fork.first, fork.second] = lazy ? [this.#here, inside] : [inside, this.#here];
  }
}

/** Throws an UnsupportedPattern when it grows too large. */
export const compile = (pattern: Pattern): Compiled => {
  const totals = new Totals(pattern);
  const program = new Builder(totals).program(pattern.root);
  const { slots, remembers, inners } = totals;
  return { ...program, slots, remembers, isHard: remembers || inners > 0 };
};
