/** The process's own log: JSON lines on stderr, so that stdout stays free for events and tables. */
import { destination, type Logger, pino } from 'pino';
import type { Config } from './config/types.ts';

export const openLog = (level: Config['log']['level']): Logger => pino({ level }, destination({ fd: 2, sync: true }));
