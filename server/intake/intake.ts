/** Takes the events of others: each body is cut into its events, and answered when the good ones are on the disk. */
import type { IncomingHttpHeaders } from 'node:http';
import { DeliveryError } from '../../exporters/errors.ts';
import type { AuditRecord } from '../../schemas/record.ts';
import { type Answer, done, refused } from '../admin/answer.ts';
import { type Body, type Packed, readBody, unpack } from './body.ts';
import { type Carrier, carrierOf, noCarrier } from './cloud-events.ts';
import { type IntakeCounts, noCounts } from './counts.ts';
import { type Code, type Entry, entryOf } from './entry.ts';
import { type Media, mediaOf, mostEvents, piecesOf, types } from './media.ts';
import type { Pieces } from './pieces.ts';
import type { IntakeOptions } from './rules.ts';
import { Slots } from './slots.ts';

export interface Intake {
  take(headers: IncomingHttpHeaders, body: AsyncIterable<Buffer>): Promise<Answer>;
  /** Since the start. */
  readonly counts: Readonly<IntakeCounts>;
}

interface Problem {
  /** Of the event in the body, from 0. */
  readonly index: number;
  readonly code: Code;
  readonly message: string;
}

/** What became of the events of one body, as it is answered. */
interface Tally {
  accepted: number;
  duplicate: number;
  repaired: number;
  dropped: number;
  dead_lettered: number;
  readonly problems: Problem[];
}

/**
 * Bodies in memory at once: so many as long as the limit lets them be, and more of those that say that they are shorter.
 * A body that waits to be read may come too late to its end: there is room for what a busy gateway sends.
 */
const bodiesAtOnce = 8;
/** Bytes that a body weighs at least, so that their number is bounded as well. */
const lightest = 64 * 1024;
const mostWaiting = 64;
/** Bodies unpacked and taken apart at once. */
const openAtOnce = 2;
/** Events handed over before the next ones are made: what is not on the disk is in memory. */
const together = 256;
/** Problems told one by one; all are counted. */
const mostProblems = 100;
/** Milliseconds in a row that this may take from the thread that serves calls. */
const turn = 4;

class SharedIntake implements Intake {
  readonly counts = noCounts();
  readonly #options: IntakeOptions;
  readonly #room: Slots;
  readonly #desks = new Slots(openAtOnce, Number.POSITIVE_INFINITY);

  constructor(options: IntakeOptions) {
    this.#options = options;
    this.#room = new Slots(bodiesAtOnce * this.#weightOf(undefined), mostWaiting);
  }

  async take(headers: IncomingHttpHeaders, body: AsyncIterable<Buffer>): Promise<Answer> {
    const leave = await this.#room.enter(this.#weightOf(headers['content-length']));
    // Not read at all: too many bodies wait already.
    if (leave === null) return this.#unavailable('busy', 'Too many posts wait for their turn.');
    try {
      return await this.#answer(headers, body);
    } finally {
      leave();
    }
  }

  #weightOf(contentLength: string | undefined): number {
    const { intakeBody } = this.#options.limits;
    const stated = Number(contentLength ?? intakeBody);
    return Math.max(lightest, stated <= intakeBody ? stated : intakeBody);
  }

  async #answer(headers: IncomingHttpHeaders, stream: AsyncIterable<Buffer>): Promise<Answer> {
    const media = mediaOf(headers['content-type']);
    const packed = await readBody(stream, headers['content-encoding'], this.#options.limits.intakeBody).catch(
      () => null,
    );
    // Nobody is there any more to hear it.
    if (packed === null) return this.#refuse(400, 'aborted', 'The body has no end.', 'Send all of it again.');
    if (media === null) return this.#refuse(415, 'unknown_type', 'That content type is not taken.', `Send ${types}.`);
    const leave = await this.#desks.enter(1);
    try {
      return await this.#open(packed, media, carrierOf(headers));
    } finally {
      leave?.();
    }
  }

  async #open(packed: Packed, media: Media, carrier: Carrier | null): Promise<Answer> {
    const body = await unpack(packed, this.#options.limits.intakeBody);
    if (body.is !== 'read') return this.#refuseBody(body);
    const cut = await piecesOf(body.text, media, carrier);
    if (cut === null)
      return this.#refuse(413, 'too_many', `There are more than ${mostEvents} events.`, 'Send them in several bodies.');
    if (cut.texts.length === 0 && !cut.whole)
      return this.#refuse(400, 'not_json', 'The body is not JSON.', `Send an object, an array or lines, as ${types}.`);
    // What carries several events cannot tell one from the other.
    return this.#takeAll(cut, (cut.texts.length === 1 && carrier) || noCarrier);
  }

  async #takeAll({ texts, whole }: Pieces, carrier: Carrier): Promise<Answer> {
    const { rules, limits, acceptor } = this.#options;
    const tally: Tally = { accepted: 0, duplicate: 0, repaired: 0, dropped: 0, dead_lettered: 0, problems: [] };
    const bad: { index: number; entry: Extract<Entry, { is: 'bad' }> }[] = [];
    const seen = new Set<string>();
    let group: AuditRecord[] = [];
    const store = async (): Promise<void> => {
      await this.#inTime(Promise.all(group.map((record) => acceptor.accept(record))));
      group = [];
    };
    try {
      let since = performance.now();
      for (const [index, text] of texts.entries()) {
        if (performance.now() - since > turn) {
          await new Promise((resolve) => setImmediate(resolve));
          since = performance.now();
        }
        const entry = entryOf(text, carrier, rules, limits.intakeItem);
        if (entry.is === 'dropped') tally.dropped++;
        else if (entry.is === 'bad') bad.push({ index, entry });
        else if (seen.has(entry.record.id)) tally.duplicate++;
        else {
          seen.add(entry.record.id);
          group.push(entry.record);
          tally.accepted++;
          if (entry.repaired) tally.repaired++;
          if (group.length === together) await store();
        }
      }
      // Nothing of it is events: whoever sent it must hear that at once.
      if (bad.length > 0 && bad.length === texts.length && bad.every(({ entry }) => entry.code === 'not_json'))
        return this.#refuse(400, 'not_json', notJson(bad.length), `Send an object, an array or lines, as ${types}.`);
      await store();
      // Last, as a sender who is told to repeat all would find them put aside twice.
      for (const { entry } of bad)
        await this.#inTime(acceptor.deadLetter(entry.record, `intake: ${entry.code}: ${entry.message}`));
    } catch (thrown) {
      if (thrown instanceof DeliveryError)
        return this.#unavailable(thrown.code, 'The events could not be written to the disk.');
      throw thrown;
    }
    tally.dead_lettered = bad.length;
    tally.problems.push(
      ...bad.slice(0, mostProblems).map(({ index, entry: { code, message } }) => ({ index, code, message })),
    );
    this.#count(tally, texts.length);
    return done({ ...tally, ...(!whole && { truncated: true }) }, 202);
  }

  /** A disk that takes nothing is waited for by the sender, not by us; what it takes later it takes once. */
  async #inTime(stored: Promise<unknown>): Promise<void> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => late.reject(new DeliveryError('spool_unwritable', 'not on the disk in time')),
      this.#options.patience ?? 10_000,
    );
    await Promise.race([stored, late.promise]).finally(() => clearTimeout(timer));
  }

  #count({ problems: _, ...tally }: Tally, events: number): void {
    this.counts.posts++;
    this.counts.events += events;
    for (const name of ['accepted', 'duplicate', 'repaired', 'dropped', 'dead_lettered'] as const)
      this.counts[name] += tally[name];
  }

  #refuseBody(body: Exclude<Body, { is: 'read' }>): Answer {
    const { intakeBody } = this.#options.limits;
    switch (body.is) {
      case 'too_long':
        return this.#refuse(
          413,
          'too_long',
          `The body is longer than ${intakeBody} bytes.`,
          'Send it in several bodies.',
        );
      case 'unknown_encoding':
        return this.#refuse(
          415,
          'unknown_encoding',
          'That content encoding is not taken.',
          'Send it plain, or in gzip.',
        );
      case 'broken':
        return this.#refuse(
          400,
          'broken_encoding',
          'The body is not what its encoding says.',
          'Send it plain, or in gzip.',
        );
    }
  }

  #refuse(status: number, code: string, message: string, remedy: string): Answer {
    this.counts.refused++;
    return refused(status, code, message, remedy);
  }

  #unavailable(code: string, message: string): Answer {
    this.counts.unavailable++;
    return { ...refused(503, code, message, 'Send all of it again later; nothing is doubled by that.'), retryAfter: 5 };
  }
}

const notJson = (events: number): string =>
  events === 1 ? 'The body is not JSON.' : `None of the ${events} events is JSON; the first is at index 0.`;

export const openIntake = (options: IntakeOptions): Intake => new SharedIntake(options);
