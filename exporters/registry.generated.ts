/** Every kind of exporter by its `type`. Generated from the folders beside this file: node build.mjs generate */
import * as console from './console/config.ts';
import * as elastic from './elastic/config.ts';
import * as file from './file/config.ts';
import * as http from './http/config.ts';
import * as kafka from './kafka/config.ts';
import * as otlp from './otlp/config.ts';
import * as postgresql from './postgresql/config.ts';
import * as webhook from './webhook/config.ts';
import { kind } from './kind.ts';

export const kinds = {
  console: kind(console, () => import('./console/client.ts')),
  elastic: kind(elastic, () => import('./elastic/client.ts')),
  file: kind(file, () => import('./file/client.ts')),
  http: kind(http.types.http, () => import('./http/client.ts')),
  splunk: kind(http.types.splunk, () => import('./http/client.ts')),
  datadog: kind(http.types.datadog, () => import('./http/client.ts')),
  newrelic: kind(http.types.newrelic, () => import('./http/client.ts')),
  loki: kind(http.types.loki, () => import('./http/client.ts')),
  kafka: kind(kafka, () => import('./kafka/client.ts')),
  otlp: kind(otlp.types.otlp, () => import('./otlp/client.ts')),
  'otlp-logs': kind(otlp.types['otlp-logs'], () => import('./otlp/client.ts')),
  postgresql: kind(postgresql, () => import('./postgresql/client.ts')),
  webhook: kind(webhook, () => import('./webhook/client.ts')),
};
