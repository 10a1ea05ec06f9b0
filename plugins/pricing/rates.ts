/** What a token or piece of each sort costs, and how that depends on the size of the request and the time of the call. */

/** 1e-30 USD per token, second, character, piece or request; null: no price known. */
export interface Rates {
  readonly input: bigint | null;
  readonly output: bigint | null;
  readonly cacheRead: bigint | null;
  /** Writes with the provider's ordinary lifetime (Anthropic: 5 minutes). */
  readonly cacheWrite: bigint | null;
  readonly cacheWrite1h: bigint | null;
  readonly reasoning: bigint | null;
  readonly inputAudio: bigint | null;
  readonly outputAudio: bigint | null;
  readonly inputImage: bigint | null;
  readonly outputImage: bigint | null;
  readonly inputVideo: bigint | null;
  readonly audioSecond: bigint | null;
  readonly inputCharacter: bigint | null;
  /** One picture made, where its size does not matter. */
  readonly image: bigint | null;
  readonly videoSecond: bigint | null;
  readonly page: bigint | null;
  readonly searchUnit: bigint | null;
  readonly webSearch: bigint | null;
  /** Per call that searched, however often. */
  readonly searchedRequest: bigint | null;
  /** Per call, whatever its tokens. */
  readonly request: bigint | null;
}

export type RateName = keyof Rates;

/** How prices are written in our own lists: the rate, and the power of ten of tokens or pieces that a price is for. */
export type WrittenRates = Readonly<Record<string, readonly [RateName, number]>>;

/** Names that the catalogue and the user's own prices share. */
export const writtenRates: WrittenRates = {
  input: ['input', 6],
  output: ['output', 6],
  cache_read: ['cacheRead', 6],
  cache_write_1h: ['cacheWrite1h', 6],
  reasoning: ['reasoning', 6],
  input_audio: ['inputAudio', 6],
  output_audio: ['outputAudio', 6],
  input_image: ['inputImage', 6],
  output_image: ['outputImage', 6],
  input_video: ['inputVideo', 6],
  audio_second: ['audioSecond', 0],
  input_characters: ['inputCharacter', 6],
  image: ['image', 0],
  video_second: ['videoSecond', 0],
  page: ['page', 0],
  search_unit: ['searchUnit', 0],
  web_search_per_1000: ['webSearch', 3],
};

/** One stated price: it holds for requests with more input tokens than `above` (-1: all). */
export interface StatedRate {
  readonly name: RateName;
  readonly above: number;
  readonly each: bigint;
}

interface Step {
  readonly above: number;
  readonly rates: Rates;
}

/** Context tiers, the largest first. A tier re-prices the whole request, it is not marginal. */
export type Sheet = readonly Step[];

export interface Period {
  /** Epoch milliseconds from which it holds; null: always. */
  readonly from: number | null;
  /** Seconds of the UTC day between which it holds, the second excluded; null: all day. */
  readonly daily: readonly [number, number] | null;
  readonly sheet: Sheet;
}

/** 1e-30 USD for one picture or second of film by its `size` or `quality/size`; any other variant has no price. */
export type Variants = ReadonlyMap<string, bigint>;

/** A model's prices and where they come from. */
export interface Tariff {
  readonly source: string;
  readonly version: string | null;
  /** The last whose condition holds counts; the first where none does. */
  readonly periods: readonly Period[];
  /** Where the price of a picture or a second of film depends on its size; absent: it does not. */
  readonly variants?: Variants;
}

/** A part without a price of its own is billed as what it is a part of, never at 0; a piece is a part of nothing. */
const filled = (stated: Partial<Rates>): Rates => {
  const { input = null, output = null } = stated;
  const { cacheWrite = input } = stated;
  return {
    input,
    output,
    cacheRead: stated.cacheRead ?? input,
    cacheWrite,
    cacheWrite1h: stated.cacheWrite1h ?? cacheWrite,
    reasoning: stated.reasoning ?? output,
    inputAudio: stated.inputAudio ?? input,
    outputAudio: stated.outputAudio ?? output,
    inputImage: stated.inputImage ?? input,
    outputImage: stated.outputImage ?? output,
    inputVideo: stated.inputVideo ?? input,
    audioSecond: stated.audioSecond ?? null,
    inputCharacter: stated.inputCharacter ?? null,
    image: stated.image ?? null,
    videoSecond: stated.videoSecond ?? null,
    page: stated.page ?? null,
    searchUnit: stated.searchUnit ?? null,
    webSearch: stated.webSearch ?? null,
    searchedRequest: stated.searchedRequest ?? null,
    request: stated.request ?? null,
  };
};

/** The sheet that a list of stated prices makes; order in the list does not matter. */
export const sheetOf = (stated: readonly StatedRate[]): Sheet => {
  const upwards = stated.toSorted((one, other) => one.above - other.above);
  const thresholds = [...new Set([-1, ...upwards.map(({ above }) => above)])];
  return thresholds
    .map((above) => {
      const holding = upwards.filter((rate) => rate.above <= above);
      return { above, rates: filled(Object.fromEntries(holding.map(({ name, each }) => [name, each]))) };
    })
    .reverse();
};

const dayMs = 86_400_000;

const holds = ({ from, daily }: Period, at: number): boolean => {
  if (from !== null) return at >= from;
  if (daily === null) return true;
  const [start, end] = daily;
  const second = (((at % dayMs) + dayMs) % dayMs) / 1000;
  return start <= end ? second >= start && second < end : second >= start || second < end;
};

/** The rates for a request with so many input tokens at a time; null when nothing is stated. */
export const ratesFor = ({ periods }: Tariff, inputTokens: number, at: number): Rates | null => {
  const period = periods.length === 1 ? periods[0] : (periods.findLast((each) => holds(each, at)) ?? periods[0]);
  return period?.sheet.find(({ above }) => inputTokens > above)?.rates ?? null;
};
