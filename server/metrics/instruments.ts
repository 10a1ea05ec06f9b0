/**
 * The smallest MeterProvider of OpenTelemetry: keeps what our own instruments count, for `/metrics`. It steps back where
 * an SDK is registered already.
 */
import { type Attributes, createNoopMeter, type Meter, type MetricOptions, metrics } from '@opentelemetry/api';
import type { Family, Labels, Sample } from './exposition.ts';

/** Names of models come from callers: beyond so many series of an instrument the rest is counted together. */
const mostSeries = 1_000;
const overflow: Labels = { otel_metric_overflow: 'true' };
const overflowKey = '…';

const defaultBuckets = [0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10000];

interface Series {
  readonly labels: Labels;
  sum: number;
  count: number;
  /** Values up to each bound, and above the last. */
  readonly buckets: number[];
}

interface Instrument {
  readonly family: Omit<Family, 'samples'>;
  readonly bounds: readonly number[];
  readonly series: Map<string, Series>;
}

/** As Prometheus spells units. `{token}` only says what is counted. */
const units: Readonly<Record<string, string>> = { s: 'seconds', kg: 'kilograms', 'kW.h': 'kilowatt_hours', USD: 'usd' };

const familyOf = (name: string, type: 'counter' | 'histogram', { unit = '', description = '' }: MetricOptions) => {
  const parts = [name.replace(/[^A-Za-z0-9_]/g, '_'), units[unit] ?? '', type === 'counter' ? 'total' : ''];
  return { name: parts.filter((part) => part !== '').join('_'), type, help: `${description}.` };
};

const labelsOf = (attributes: Attributes): Labels =>
  Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [name.replace(/[^A-Za-z0-9_]/g, '_'), String(value)]),
  );

const seriesOf = ({ series, bounds }: Instrument, attributes: Attributes): Series => {
  const known = JSON.stringify(attributes);
  const key = series.has(known) || series.size < mostSeries ? known : overflowKey;
  let found = series.get(key);
  if (!found) {
    const labels = key === overflowKey ? overflow : labelsOf(attributes);
    found = { labels, sum: 0, count: 0, buckets: new Array(bounds.length + 1).fill(0) };
    series.set(key, found);
  }
  return found;
};

const samplesOf = ({ family, bounds, series }: Instrument): Sample[] =>
  [...series.values()].flatMap(({ labels, sum, count, buckets }) => {
    if (family.type === 'counter') return [{ labels, value: sum }];
    let below = 0;
    const each = [...bounds, Number.POSITIVE_INFINITY].map((bound, index) => {
      below += buckets[index] ?? 0;
      const le = bound === Number.POSITIVE_INFINITY ? '+Inf' : String(bound);
      return { suffix: '_bucket', labels: { ...labels, le }, value: below };
    });
    return [...each, { suffix: '_sum', labels, value: sum }, { suffix: '_count', labels, value: count }];
  });

const instruments = new Map<string, Instrument>();

const instrument = (name: string, type: 'counter' | 'histogram', options: MetricOptions = {}): Instrument => {
  const known = instruments.get(name);
  if (known) return known;
  const made: Instrument = {
    family: familyOf(name, type, options),
    bounds: type === 'histogram' ? (options.advice?.explicitBucketBoundaries ?? defaultBuckets) : [],
    series: new Map(),
  };
  instruments.set(name, made);
  return made;
};

/** Counters and histograms are all that we use; what else is asked for counts nothing. */
const meter: Meter = Object.assign(Object.create(createNoopMeter()), {
  createCounter: (name: string, options?: MetricOptions) => {
    const counter = instrument(name, 'counter', options);
    return {
      add: (value: number, attributes: Attributes = {}) => {
        seriesOf(counter, attributes).sum += value;
      },
    };
  },
  createHistogram: (name: string, options?: MetricOptions) => {
    const histogram = instrument(name, 'histogram', options);
    return {
      record: (value: number, attributes: Attributes = {}) => {
        const series = seriesOf(histogram, attributes);
        series.sum += value;
        series.count++;
        const index = histogram.bounds.findIndex((bound) => value <= bound);
        const bucket = index === -1 ? histogram.bounds.length : index;
        series.buckets[bucket] = (series.buckets[bucket] ?? 0) + 1;
      },
    };
  },
});

/** Before the instruments are made. False: an SDK has them, and exports them by itself. */
export const keepInstruments = (): boolean => metrics.setGlobalMeterProvider({ getMeter: () => meter });

/** Of this process, since its start. */
export const instrumentFamilies = (): Family[] =>
  [...instruments.values()].map((one) => ({ ...one.family, samples: samplesOf(one) }));
