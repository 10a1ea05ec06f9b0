/** A bill: what each part of a call's usage comes to at the prices of a model. */
import type { Usage } from '../usage.ts';
import type { Rates, Variants } from './rates.ts';

/** Sums in 1e-30 USD. */
export interface Parts {
  input: bigint;
  output: bigint;
  reasoning: bigint;
  cacheRead: bigint;
  cacheWrite: bigint;
  other: bigint;
}

/** Takes up to `wanted` from what is left: parts that claim more than the whole are clamped, in the order billed. */
const take = (left: number, wanted: number | null): number => Math.min(left, wanted ?? 0);

/** A picture's or film's price: by its size where that matters, which must then be a known one. */
const priceOfVariant = (each: bigint | null, variant: string | null, variants: Variants | null): bigint | null =>
  variants !== null && variant !== null ? (variants.get(variant.toLowerCase()) ?? null) : each;

/** Whether anything but tokens was counted. */
export const hasPieces = (usage: Usage): boolean =>
  usage.audioSeconds !== null ||
  usage.inputCharacters !== null ||
  usage.images !== null ||
  usage.videoSeconds !== null ||
  usage.pages !== null ||
  usage.searchUnits !== null;

/** Adds up counts at their prices; a count without a price makes the whole call unpriced. */
export class Bill {
  readonly parts: Parts = { input: 0n, output: 0n, reasoning: 0n, cacheRead: 0n, cacheWrite: 0n, other: 0n };
  complete = true;

  /** @param count may be a fraction of a second, which counts to the microsecond. */
  charge(part: keyof Parts, count: number, each: bigint | null): void {
    if (count === 0) return;
    if (each === null) {
      this.complete = false;
      return;
    }
    const whole = Math.trunc(count);
    this.parts[part] += BigInt(whole) * each;
    if (whole !== count) this.parts[part] += (BigInt(Math.round((count - whole) * 1e6)) * each) / 1_000_000n;
  }

  /**
   * Tokens and pieces of one pass. What the list has a price for is what the model is sold by: tokens of a model that is
   * sold by the piece are not billed, nor are pieces beside tokens that are.
   */
  chargePass(usage: Usage, rates: Rates, variants: Variants | null): void {
    const byToken = rates.input !== null || rates.output !== null;
    if (byToken) this.#chargeTokens(usage, rates);
    const tokensBilled = byToken && (usage.input ?? 0) + (usage.output ?? 0) > 0;
    const byPiece = hasPieces(usage) && this.#chargePieces(usage, rates, variants, tokensBilled);
    if (!byPiece && !byToken) this.complete = false;
    if (rates.request !== null) this.charge('other', 1, rates.request);
  }

  /** @returns whether any of them has a price. */
  #chargePieces(usage: Usage, rates: Rates, variants: Variants | null, tokensBilled: boolean): boolean {
    const made = (each: bigint | null) => priceOfVariant(each, usage.imageVariant, variants);
    const pieces = [
      { count: usage.audioSeconds, each: rates.audioSecond },
      { count: usage.inputCharacters, each: rates.inputCharacter },
      { count: usage.images, each: made(rates.image) },
      { count: usage.videoSeconds, each: made(rates.videoSecond) },
      { count: usage.pages, each: rates.page },
      { count: usage.searchUnits, each: rates.searchUnit },
    ].filter(({ count }) => count !== null);
    for (const { count, each } of pieces) if (each !== null || !tokensBilled) this.charge('other', count ?? 0, each);
    return pieces.some(({ each }) => each !== null);
  }

  /** The web searches of a call. A price per request and none for searches is a search model's: the request is the search. */
  chargeSearches(searches: number, { webSearch, searchedRequest, request }: Rates): void {
    if (searchedRequest !== null) this.charge('other', Math.min(searches, 1), searchedRequest);
    else if (webSearch !== null || request === null) this.charge('other', searches, webSearch);
  }

  #chargeTokens(usage: Usage, rates: Rates): void {
    let left = usage.input ?? 0;
    const cacheRead = take(left, usage.cacheRead);
    left -= cacheRead;
    const written = usage.cacheWrite ?? (usage.cacheWrite5m ?? 0) + (usage.cacheWrite1h ?? 0);
    const cacheWrite = take(left, written);
    left -= cacheWrite;
    const cacheWrite1h = take(cacheWrite, usage.cacheWrite1h);
    const inputAudio = take(left, usage.inputAudio);
    left -= inputAudio;
    const inputImage = take(left, usage.inputImage);
    left -= inputImage;
    const inputVideo = take(left, usage.inputVideo);
    left -= inputVideo;
    this.charge('input', left, rates.input);
    this.charge('cacheRead', cacheRead, rates.cacheRead);
    this.charge('cacheWrite', cacheWrite - cacheWrite1h, rates.cacheWrite);
    this.charge('cacheWrite', cacheWrite1h, rates.cacheWrite1h);
    this.charge('other', inputAudio, rates.inputAudio);
    this.charge('other', inputImage, rates.inputImage);
    this.charge('other', inputVideo, rates.inputVideo);

    left = usage.output ?? 0;
    const outputAudio = take(left, usage.outputAudio);
    left -= outputAudio;
    const outputImage = take(left, usage.outputImage);
    left -= outputImage;
    const reasoning = take(left, usage.reasoning);
    left -= reasoning;
    this.charge('output', left, rates.output);
    this.charge('reasoning', reasoning, rates.reasoning);
    this.charge('other', outputAudio, rates.outputAudio);
    this.charge('other', outputImage, rates.outputImage);
  }
}
