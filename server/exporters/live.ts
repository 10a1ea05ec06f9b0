/** Exporters that follow their configuration: a changed file is read again, a broken one leaves those before in force. */
import type { ExporterConfig } from '../../exporters/config.ts';
import { reasonOf } from '../../exporters/errors.ts';
import { filesIn } from '../config/exporter-files.ts';
import { type Config, describeProblem, type Loaded } from '../config.ts';
import type { Tell } from '../live-prices.ts';
import { watchFiles } from '../watched-files.ts';

/** `exporters`: ids of those in force, disabled ones included. */
export type Reloaded =
  | { readonly exporters: readonly string[]; readonly notices: readonly string[] }
  | { readonly problems: readonly string[] };

export interface LiveExporters {
  /** Of those in force. */
  readonly configured: readonly ExporterConfig[];
  /** Reads the configuration anew and puts its exporters in force, and nothing else of it. Never rejects. */
  reload(): Promise<Reloaded>;
  /** As the clock does: puts in force what has changed in `exporters_files`. Never rejects. */
  look(): Promise<void>;
  close(): void;
}

export interface LiveOptions {
  readonly config: Pick<Config, 'exporters' | 'exportersFiles'>;
  /** The configuration as it stands now. */
  readonly reread: () => Loaded;
  /** Rejects with an Error that names what is wrong; then nothing has changed. */
  readonly configure: (exporters: readonly ExporterConfig[]) => Promise<void>;
  readonly tell: Tell;
}

/** Folders with what lies in them. */
const watchable = (paths: readonly string[]): string[] =>
  paths.flatMap((path) => {
    try {
      return [path, ...filesIn([path])];
    } catch {
      return [path];
    }
  });

export const openLiveExporters = async ({ config, reread, configure, tell }: LiveOptions): Promise<LiveExporters> => {
  let { exporters: configured, exportersFiles: files } = config;
  let last: Promise<unknown> = Promise.resolve();

  const read = async (isAsked: boolean): Promise<Reloaded> => {
    const loaded = reread();
    if ('problems' in loaded) return { problems: loaded.problems.map(describeProblem) };
    const { exporters, exportersFiles } = loaded.config;
    files = exportersFiles;
    const isNew = JSON.stringify(exporters) !== JSON.stringify(configured);
    if (isNew || isAsked) await configure(exporters);
    configured = exporters;
    if (isNew) tell.info(`Exporters in force: ${exporters.map(({ id }) => id).join(', ') || 'none'}`);
    return { exporters: exporters.map(({ id }) => id), notices: loaded.notices };
  };
  /** One after the other. */
  const reload = (isAsked: boolean): Promise<Reloaded> => {
    const reloaded = last.then(async () => {
      const result = await read(isAsked).catch((error): Reloaded => ({ problems: reasonOf(error).split('\n') }));
      if ('problems' in result)
        tell.error(`The exporters are not changed, those before stay in force: ${result.problems.join('; ')}`);
      return result;
    });
    last = reloaded;
    return reloaded;
  };

  const watched = await watchFiles(
    () => watchable(files),
    async () => void (await reload(false)),
  );
  // Opening a large spool takes its time: what has changed meanwhile was not followed yet.
  await reload(false);
  return {
    get configured() {
      return configured;
    },
    reload: () => reload(true),
    look: watched.look,
    close: watched.close,
  };
};
