import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startProgress } from '../../../cli/progress.ts';

const screen = (isTTY: boolean, columns = 80) => {
  const written: string[] = [];
  return { written, isTTY, columns, write: (text: string) => written.push(text) };
};

test('on a terminal a bar fills up and goes away', () => {
  const terminal = screen(true);
  const progress = startProgress('Working', 4, terminal);
  for (let step = 0; step < 4; step++) progress.step();
  assert.equal(terminal.written[0], `\r\x1b[KWorking ${'░'.repeat(40)} 0/4`);
  assert.match(terminal.written.at(-1) ?? '', /Working █{40} 4\/4$/);
  progress.end();
  assert.equal(terminal.written.at(-1), '\r\x1b[K');
});

test('a narrow terminal gets the count alone', () => {
  const terminal = screen(true, 16);
  startProgress('Working', 4, terminal);
  assert.equal(terminal.written[0], '\r\x1b[KWorking 0/4');
});

test('elsewhere it is one plain line', () => {
  const log = screen(false);
  const progress = startProgress('Working', 4, log);
  progress.step();
  progress.end();
  assert.deepEqual(log.written, ['Working (4)\n']);
});
