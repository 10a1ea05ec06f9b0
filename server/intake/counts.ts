/** What the intake has seen since the start; the metrics read it. */

/** `events = accepted + duplicate + dropped + dead_lettered` for every post that was answered 202. */
export interface IntakeCounts {
  /** Posts that were answered 202. */
  posts: number;
  /** Posts that cannot be read (400, 413, 415). */
  refused: number;
  /** Posts that found no room or no durable disk (503): the sender has to repeat them. */
  unavailable: number;
  /** Events of the posts that were answered 202. */
  events: number;
  /** On the disk; one that was there already is counted again, the spool alone knows. */
  accepted: number;
  /** The same id twice in one body. */
  duplicate: number;
  /** Of `accepted`: something in them was wrong and has been set right. */
  repaired: number;
  /** Of a kind that is not taken. */
  dropped: number;
  /** Put aside. */
  dead_lettered: number;
}

export const noCounts = (): IntakeCounts => ({
  posts: 0,
  refused: 0,
  unavailable: 0,
  events: 0,
  accepted: 0,
  duplicate: 0,
  repaired: 0,
  dropped: 0,
  dead_lettered: 0,
});
