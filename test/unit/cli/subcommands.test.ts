import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../../../cli/command.ts';
import { command as deadLetters } from '../../../cli/dead-letters.ts';
import { command as exporters } from '../../../cli/exporters.ts';

test('wrong words and missing ones are told before anything is done', async () => {
  const wrong: [typeof exporters, string[], RegExp][] = [
    [exporters, [], /the first word is one of status, list, check/],
    [exporters, ['stop'], /the first word is one of/],
    [exporters, ['pause'], /one ID/],
    [exporters, ['rewind', 'file'], /--to TIME is missing/],
    [exporters, ['rewind', 'file', '--to', 'yesterday'], /"yesterday" is no time/],
    [exporters, ['import'], /one FILE/],
    [exporters, ['import', 'none.json'], /none\.json cannot be read/],
    [deadLetters, [], /the first word is one of list, show, replay, export, purge/],
    [deadLetters, ['show'], /one ID/],
    [deadLetters, ['purge'], /say which: ID\.\.\., --exporter, --before; or --all/],
    [deadLetters, ['purge', '--all', '--exporter', 'x'], /say which/],
    [deadLetters, ['purge', '--before', 'never'], /"never" is no time/],
  ];
  for (const [command, args, message] of wrong)
    await assert.rejects(command.run(args), (error) => error instanceof UsageError && message.test(error.message));
});

test('every subcommand has a help of its own', async () => {
  const names = {
    exporters: ['status', 'list', 'check', 'pause', 'resume', 'rewind', 'audit', 'reload', 'import'],
    'dead-letters': ['list', 'show', 'replay', 'export', 'purge'],
  };
  for (const [name, command] of Object.entries({ exporters, 'dead-letters': deadLetters })) {
    assert.equal(await command.helpOf?.(['--help']), command.help);
    for (const word of names[name as keyof typeof names]) {
      const help = await command.helpOf?.([word, '--help']);
      assert.ok(help?.startsWith(`Usage: llm-audit ${name} ${word}`), word);
      assert.match(help ?? '', /--json/);
    }
  }
});
