/** Opens a file of recorded exchanges for a command. */
import { openReplay, type ReplaySource } from '../simulator/replay.ts';
import { ReplayError } from '../simulator/replay-index.ts';
import { UsageError } from './command.ts';

/** Rejects with a UsageError that names the file, the line and the reason. */
export const openRecording = async (file: string): Promise<ReplaySource> => {
  try {
    return await openReplay(file);
  } catch (error) {
    if (error instanceof ReplayError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
};
