/** Official clients before an Envoy of the shipped configuration, and a provider whose bytes are kept. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import type { TestContext } from 'node:test';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { parse } from 'yaml';
import { startSimulator } from '../../simulator/server.ts';
import { type Bootstrap, type EnvoyStackOptions, startEnvoyStack } from './envoy-stack.ts';
import { consumer, upstream } from './stack.ts';

export const question = [{ role: 'user' as const, content: 'Name three rivers.' }];
export const chat = { model: 'gpt-4o-mini', messages: question };
export const streamed = { ...chat, stream: true as const, stream_options: { include_usage: true } };
export const simulate = (how: object) => ({ headers: { 'x-simulate': JSON.stringify(how) } });

/** Clients that keep the bytes they get, before a stack with one upstream for both providers. */
export const wired = async (t: TestContext, options: EnvoyStackOptions = {}) => {
  const stack = await startEnvoyStack(t, {
    keys: { 'consumer-key': consumer('sdk') },
    credential: 'provider-key',
    ...options,
  });
  if (stack === null) return null;
  return { stack, ...clients(stack.origin) };
};

export const clients = (origin: string) => {
  const seen: string[] = [];
  const keepingFetch: typeof fetch = async (input, init) => {
    const answer = await fetch(input, init);
    if (!answer.body) return answer;
    const [a, b] = answer.body.tee();
    void new Response(b).text().then(
      (text) => seen.push(text),
      () => {},
    );
    return new Response(a, { status: answer.status, headers: answer.headers });
  };
  const options = { apiKey: 'consumer-key', maxRetries: 0, fetch: keepingFetch };
  return {
    seen,
    openai: new OpenAI({ ...options, baseURL: `${origin}/openai/v1` }),
    anthropic: new Anthropic({ ...options, baseURL: `${origin}/anthropic` }),
  };
};

/** The simulator behind a tap that keeps requests' headers and answers' bytes. */
export const tapped = async (t: TestContext) => {
  const simulator = await startSimulator({ seed: 11 });
  t.after(() => simulator.close());
  const sent: string[] = [];
  const asked: { headers: NodeJS.Dict<string | string[]>; body: string }[] = [];
  const tap = await upstream(t, (req, res) => {
    const call = { headers: req.headers, body: '' };
    asked.push(call);
    const onward = httpRequest(simulator.origin + req.url, { method: req.method, headers: req.headers }, (answer) => {
      let text = '';
      res.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.on('data', (part: Buffer) => {
        text += part.toString();
        res.write(part);
      });
      answer.on('end', () => {
        sent.push(text);
        res.end();
      });
      answer.on('error', () => res.destroy());
    });
    onward.on('error', () => res.destroy());
    res.on('close', () => onward.destroy());
    req.on('data', (part: Buffer) => {
      call.body += part.toString();
    });
    req.pipe(onward);
  });
  return { upstreams: { openai: tap, anthropic: tap }, sent, asked };
};

export const read = async (stream: AsyncIterable<unknown>): Promise<number> => {
  let parts = 0;
  for await (const _ of stream) parts++;
  return parts;
};

/** YAML blocks of the documentation, as a reader copies them. */
export const documented = (name: string): Bootstrap => {
  const page = readFileSync(new URL('../../docs/envoy.md', import.meta.url), 'utf8');
  const blocks = [...page.matchAll(/^( *)```yaml\n([\s\S]*?)^ *```$/gm)].map(([, , text = '']) => parse(text));
  const found = blocks.find((block) => block.name === name || name in block);
  assert.ok(found, `docs/envoy.md shows ${name}`);
  return found;
};

export const filtersOf = (bootstrap: Bootstrap): Bootstrap[] =>
  bootstrap.static_resources.listeners[0].filter_chains[0].filters[0].typed_config.http_filters;

export const virtualHostOf = (bootstrap: Bootstrap): Bootstrap =>
  bootstrap.static_resources.listeners[0].filter_chains[0].filters[0].typed_config.route_config.virtual_hosts[0];
