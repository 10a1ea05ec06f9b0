/** What the exporters over HTTP need to know, in Otoroshi's names: `http`, and the presets. */
import { byPreset } from './by-preset.ts';
import { byTemplate } from './by-template.ts';
import { presets } from './presets.ts';

export const types = {
  http: byTemplate,
  splunk: byPreset(presets.splunk),
  datadog: byPreset(presets.datadog),
  newrelic: byPreset(presets.newrelic),
  loki: byPreset(presets.loki),
} as const;
