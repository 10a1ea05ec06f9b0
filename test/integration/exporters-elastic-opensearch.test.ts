/** The elastic exporter against a real OpenSearch 3. */
import { test } from 'node:test';
import { startSearch } from '../services/search.ts';
import { core } from './elastic/core.ts';

test('OpenSearch 3', async (t) => {
  const server = await startSearch(t, 'opensearch', { settings: ['http.max_content_length: 1mb'] });
  if (server) await core(t, server.url);
});
