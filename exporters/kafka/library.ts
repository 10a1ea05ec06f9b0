/** kafkajs 2.2.4, the last release, with what is mended in it: loaded in this order, which bundlers would turn round. */
import { createRequire } from 'node:module';
import type kafka from 'kafkajs';
import { crc32c } from './crc32c.ts';
import { mendRequestQueue } from './request-queue.ts';

const load = createRequire(import.meta.url);

/** Its own goes byte by byte: a fifth of the CPU of a record. */
const checksum = load.resolve('kafkajs/src/protocol/recordBatch/crc32C/crc32C.js');
load(checksum);
const cached = load.cache[checksum];
if (cached) cached.exports = crc32c;

export const kafkajs = load('kafkajs') as typeof kafka;

mendRequestQueue(load('kafkajs/src/network/requestQueue/index.js'));
