/** A running simulator and the ways to ask it. */
import { type IncomingMessage, request } from 'node:http';
import type { TestContext } from 'node:test';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { type SimulatorOptions, startSimulator } from '../../../simulator/server.ts';
import { type Simulate, simulateHeader } from '../../../simulator/simulate-header.ts';

/** A simulator that stops with the test, and clients that talk to it. */
export const started = async (t: TestContext, options: SimulatorOptions = {}) => {
  const simulator = await startSimulator(options);
  t.after(() => simulator.close());
  const { origin } = simulator;
  const post = (path: string, body: object | string, simulate: Simulate = {}, headers: Record<string, string> = {}) =>
    fetch(origin + path, {
      method: 'POST',
      headers: { 'x-simulate': simulateHeader(simulate), ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  const openai = new OpenAI({ baseURL: `${origin}/v1`, apiKey: 'none', maxRetries: 0 });
  const anthropic = new Anthropic({ baseURL: origin, apiKey: 'none', maxRetries: 0 });
  return { ...simulator, post, openai, anthropic };
};

/** Request options of a client that carry `x-simulate`. */
export const simulated = (simulate: Simulate) => ({ headers: { 'x-simulate': simulateHeader(simulate) } });

export const chat = { model: 'gpt-4o-mini', messages: [{ role: 'user' as const, content: 'Hello' }] };
export const messages = {
  model: 'claude-sonnet-4-6',
  max_tokens: 500,
  messages: [{ role: 'user' as const, content: 'Hello' }],
};

/** Every body chunk as it arrives, and whether the answer came to its proper end. */
export const chunksOf = async (origin: string, path: string, body: string, simulate: Simulate) => {
  const sent = request(origin + path, { method: 'POST', headers: { 'x-simulate': simulateHeader(simulate) } });
  sent.end(body);
  const answer = await new Promise<IncomingMessage>((resolve) => sent.once('response', resolve));
  const chunks: Buffer[] = [];
  answer.on('data', (chunk: Buffer) => chunks.push(chunk));
  answer.on('error', () => {});
  await new Promise((resolve) => answer.once('close', resolve));
  return { chunks, complete: answer.complete, status: answer.statusCode, headers: answer.headers };
};
