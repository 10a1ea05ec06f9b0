/** What a token of each sort costs, and how that depends on the size of the request and the time of the call. */

/** 1e-30 USD per token, search or request; null: no price known. */
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
  readonly webSearch: bigint | null;
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

/** A model's prices and where they come from. */
export interface Tariff {
  readonly source: string;
  readonly version: string | null;
  /** The last whose condition holds counts; the first where none does. */
  readonly periods: readonly Period[];
}

/** A part without a price of its own is billed as what it is a part of, never at 0. */
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
    webSearch: stated.webSearch ?? null,
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
