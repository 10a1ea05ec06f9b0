/** Events beside the call: feedback on it, tools it ran, changes of the configuration. */
import type { Row } from './row.ts';

// biome-ignore format: a table, one row per field
export const feedback: Row[] = [
  ['rating', 'number?', null, 'Rating', 'From 1 (bad) to 5 (good).', 4],
  ['thumb', 'one of: up down?', null, 'Thumb', 'Thumb of the user.', 'up'],
  ['accepted', 'boolean?', null, 'Accepted', 'Whether the user took the answer.', true],
  ['edited', 'boolean?', null, 'Edited', 'Whether the user changed the answer before taking it.', false],
  ['edit_distance', 'amount?', 'characters', 'Edit distance', 'How much of the answer the user changed.', 0],
  ['task_success', 'boolean?', null, 'Task success', 'Whether the task that the call was part of was done.', true],
];

// biome-ignore format: a table, one row per field
export const tool: Row[] = [
  ['tool', 'object', null, 'Tool', 'A tool whose run the gateway itself saw.', null],
  ['tool.name', 'keyword', null, 'Tool', 'Name of the tool.', 'get_weather'],
  ['tool.type', 'one of: workflow code mcp knowledge', null, 'Tool type', 'Kind of tool.', 'mcp'],
  ['duration', 'amount', 'ms', 'Duration', 'Of the run.', 42.5],
  ['outcome', 'one of: success error blocked aborted timeout', null, 'Outcome', 'Of the run.', 'success'],
];

// biome-ignore format: a table, one row per field
export const change: Row[] = [
  ['change', 'object', null, 'Change', 'What was changed.', null],
  ['change.action', 'one of: created updated deleted reset', null, 'Action', 'What was done; `reset`: what a budget had consumed was set to zero.', 'updated'],
  ['change.kind', 'one of: key provider budget exporter configuration', null, 'Changed kind', 'Kind of thing.', 'budget'],
  ['change.id', 'keyword', null, 'Changed id', 'Id of the thing.', 'team-a'],
  ['change.name', 'keyword?', null, 'Changed name', 'Name of the thing.', 'Team A'],
  ['change.fields', 'keyword[]', null, 'Changed fields', 'Names of the settings that changed.', ['limits.total_usd']],
  ['change.before', 'flattened', null, 'Before', 'Values of these settings before, as text, where they cannot be secret (budgets); empty for all other kinds, and for what was not there.', { 'limits.total_usd': '50.00' }],
  ['change.after', 'flattened', null, 'After', 'Their values after it.', { 'limits.total_usd': '80.00' }],
  ['change.source', 'one of: cli api file', null, 'Change source', 'Where the change was made; `cli`: on the machine itself, through the data directory or its socket.', 'cli'],
  ['change.actor', 'keyword?', null, 'Actor', 'Who made it, when known: the name of an admin key, or of a user of the machine.', 'ops'],
];
