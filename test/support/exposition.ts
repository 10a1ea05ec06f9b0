/** A strict reader of Prometheus' text format 0.0.4, written from its description and not from our writer. */
import assert from 'node:assert/strict';

interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

interface Family {
  readonly type: string;
  readonly help: string;
}

export interface Exposition {
  readonly families: ReadonlyMap<string, Family>;
  readonly samples: readonly Sample[];
  /** Of the one sample with this name and exactly these labels. */
  value(name: string, labels?: Readonly<Record<string, string>>): number;
}

const sampleLine = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const labelPair = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(,|$)/y;

const labelsIn = (text: string): Record<string, string> => {
  const labels: Record<string, string> = {};
  labelPair.lastIndex = 0;
  while (labelPair.lastIndex < text.length) {
    const at = labelPair.lastIndex;
    const [, name = '', value = ''] = labelPair.exec(text) ?? assert.fail(`no label at ${text.slice(at)}`);
    assert.ok(!Object.hasOwn(labels, name), `label ${name} twice`);
    assert.doesNotMatch(name, /^__/);
    labels[name] = value.replace(/\\(.)/g, (_, escaped) => (escaped === 'n' ? '\n' : escaped));
  }
  return labels;
};

const numberIn = (text: string): number => {
  const special = { '+Inf': Number.POSITIVE_INFINITY, '-Inf': Number.NEGATIVE_INFINITY, NaN: Number.NaN }[text];
  if (special !== undefined) return special;
  assert.match(text, /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/);
  return Number(text);
};

/** Fails with an AssertionError where the text is not in the format. */
export const parseExposition = (text: string): Exposition => {
  assert.ok(text.endsWith('\n'), 'the last line ends');
  const families = new Map<string, Family>();
  const samples: Sample[] = [];
  const seen = new Set<string>();
  let family: string | null = null;
  let help = { name: '', text: '' };
  for (const line of text.slice(0, -1).split('\n')) {
    const comment = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.*)$/.exec(line);
    if (comment) {
      const [, what, name = '', rest = ''] = comment;
      if (what === 'HELP') help = { name, text: rest };
      else {
        assert.equal(help.name, name, 'HELP stands before TYPE');
        assert.match(rest, /^(counter|gauge|histogram|summary|untyped)$/);
        assert.ok(!families.has(name), `${name} stands in one group`);
        families.set(name, { type: rest, help: help.text });
        family = name;
      }
      continue;
    }
    const [, name = '', inside = '', value = ''] = sampleLine.exec(line) ?? assert.fail(`no sample: ${line}`);
    assert.ok(family, 'a TYPE stands before');
    const type = families.get(family)?.type;
    const suffix = name.slice(family.length);
    assert.ok(name.startsWith(family), `${name} stands with ${family}`);
    assert.match(suffix, type === 'histogram' ? /^_(bucket|sum|count)$/ : /^$/);
    if (type === 'counter') assert.match(name, /_total$/);
    else assert.doesNotMatch(name, /_total$/);
    const labels = labelsIn(inside);
    const series = `${name}${JSON.stringify(Object.entries(labels).sort())}`;
    assert.ok(!seen.has(series), `${series} stands there once`);
    seen.add(series);
    samples.push({ name, labels, value: numberIn(value) });
  }
  for (const [name, { type }] of families) if (type === 'histogram') checkHistogram(name, samples);
  return {
    families,
    samples,
    value: (name, labels = {}) => {
      const wanted = JSON.stringify(Object.entries(labels).sort());
      const found = samples.filter(
        (one) => one.name === name && JSON.stringify(Object.entries(one.labels).sort()) === wanted,
      );
      assert.equal(found.length, 1, `${name}${wanted}`);
      return found[0]?.value ?? Number.NaN;
    },
  };
};

/** Buckets grow with their bounds, and the last holds what `_count` says. */
const checkHistogram = (name: string, samples: readonly Sample[]): void => {
  const of = (suffix: string): Map<string, Sample[]> =>
    Map.groupBy(
      samples.filter((one) => one.name === name + suffix),
      ({ labels: { le: _, ...labels } }) => JSON.stringify(labels),
    );
  const counts = of('_count');
  for (const [series, buckets] of of('_bucket')) {
    const sorted = buckets.map(({ labels, value }) => [numberIn(labels['le'] ?? ''), value] as const);
    for (const [index, [bound, count]] of sorted.entries()) {
      const [before = Number.NEGATIVE_INFINITY, less = 0] = sorted[index - 1] ?? [];
      assert.ok(bound > before && count >= less, `${name}${series} grows`);
    }
    assert.deepEqual(sorted.at(-1), [Number.POSITIVE_INFINITY, counts.get(series)?.[0]?.value]);
  }
};
