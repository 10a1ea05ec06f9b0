/** Every kind of exporter by its `type`. Generated from the folders beside this file: node build.mjs generate */
import * as console from './console/config.ts';
import * as file from './file/config.ts';
import * as kafka from './kafka/config.ts';
import * as webhook from './webhook/config.ts';
import { kind } from './kind.ts';

export const kinds = {
  console: kind(console, () => import('./console/client.ts')),
  file: kind(file, () => import('./file/client.ts')),
  kafka: kind(kafka, () => import('./kafka/client.ts')),
  webhook: kind(webhook, () => import('./webhook/client.ts')),
};
