import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makerOf } from '../../../../plugins/dialects/model-maker.ts';
import { vendorByHost, vendorOf, vendors } from '../../../../plugins/dialects/vendors.ts';

test('a kind and all its aliases name one vendor, in any case', () => {
  for (const [name, kind] of [
    ['openai', 'openai'],
    ['Azure', 'azure-openai'],
    ['aws', 'bedrock'],
    ['gemini', 'google'],
    ['x-ai', 'xai'],
    ['mistralai', 'mistral'],
    ['kimi', 'moonshot'],
    ['inference.net', 'inference-net'],
  ] as const) {
    assert.equal(vendorOf(name)?.kind, kind);
  }
  assert.equal(vendorOf('nobody'), null);
  assert.equal(vendorOf('constructor'), null);
});

test('no name and no host means two vendors', () => {
  const names = vendors.flatMap(({ kind, aliases }) => [kind, ...aliases]);
  assert.equal(new Set(names).size, names.length);
  const hosts = vendors.flatMap(({ hosts }) => hosts);
  assert.equal(new Set(hosts).size, hosts.length);
});

test('a host is matched whole: neither a longer name nor another domain passes for a vendor', () => {
  for (const [host, kind] of [
    ['api.openai.com', 'openai'],
    ['API.OpenAI.com:443', 'openai'],
    ['house.openai.azure.com', 'azure-openai'],
    ['bedrock-runtime.eu-west-3.amazonaws.com', 'bedrock'],
    ['europe-west4-aiplatform.googleapis.com', 'vertex'],
    ['aiplatform.googleapis.com', 'vertex'],
    ['localhost:11434', 'ollama'],
    ['api.voyageai.com', 'voyage'],
    ['api-inference.huggingface.co', 'huggingface'],
    ['api.ai21.com', 'ai21'],
    ['runtime.sagemaker.us-east-1.amazonaws.com', 'sagemaker'],
    ['team.cloud.databricks.com', 'databricks'],
    ['us-south.ml.cloud.ibm.com', 'watsonx'],
    ['llama.endpoints.kepler.ai.cloud.ovh.net', 'ovhcloud'],
    ['localhost:8000', undefined],
    ['api.openai.com.example.org', undefined],
    ['evil-api.openai.com', undefined],
    ['openai.azure.com.evil.example', undefined],
    ['', undefined],
  ] as const) {
    assert.equal(vendorByHost(host)?.kind, kind, host);
  }
});

test("a model's maker is read from the name that a reseller gives it", () => {
  for (const [name, kind, model] of [
    ['gpt-4o', 'openai', 'gpt-4o'],
    ['gpt-35-turbo-16k', 'openai', 'gpt-3.5-turbo-16k'],
    ['openai/gpt-4o:free', 'openai', 'gpt-4o'],
    ['openai-gpt-4.1', 'openai', 'gpt-4.1'],
    ['o4-mini', 'openai', 'o4-mini'],
    ['eu.anthropic.claude-sonnet-4-5-20250929-v1:0', 'anthropic', 'claude-sonnet-4-5-20250929'],
    [
      'arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-3-haiku-20240307-v1:0',
      'anthropic',
      'claude-3-haiku-20240307',
    ],
    ['anthropic/claude-3.7-sonnet', 'anthropic', 'claude-3-7-sonnet'],
    ['publishers/google/models/gemini-2.5-pro', 'google', 'gemini-2.5-pro'],
    ['mistral.mistral-large-2402-v1:0', 'mistral', 'mistral-large-2402'],
    ['cohere.command-r-plus-v1:0', 'cohere', 'command-r-plus'],
  ] as const) {
    assert.deepEqual(makerOf(name), { kind, model }, name);
  }
  for (const opaque of [
    'arn:aws:bedrock:us-east-1:1:application-inference-profile/abc',
    'my-deployment',
    'meta.llama3-8b',
    '',
  ]) {
    assert.equal(makerOf(opaque), null, opaque);
  }
});

test('a row without a recording says where it was read, or that it was not; one with a recording needs no page', () => {
  for (const { kind, verified, documented } of vendors) {
    if (verified) assert.equal(documented, null, kind);
    if (documented === null) continue;
    assert.match(documented.page, /^https:\/\/[a-z0-9.-]+\.[a-z]+\/\S+$/, kind);
    assert.match(documented.seen, /^20\d\d-\d\d-\d\d$/, kind);
  }
});
