/** Starts the simulator for the providers of kind `simulator` that have no address of their own. */
import type { Config } from '../server/config.ts';
import type { ReadyConfig } from '../server/installation.ts';
import { type Simulator, startSimulator } from '../simulator/server.ts';

export interface Ready {
  readonly config: ReadyConfig;
  /** Null when no provider needs it. */
  readonly simulator: Simulator | null;
}

/** Gives every provider an address. The caller closes the simulator. */
export const readyConfig = async (config: Config): Promise<Ready> => {
  const wanted = config.providers.some(({ baseUrl }) => baseUrl === null);
  const simulator = wanted ? await startSimulator() : null;
  const addressed = config.providers.flatMap((provider) => {
    const baseUrl = provider.baseUrl ?? simulator?.origin;
    return baseUrl === undefined ? [] : [{ ...provider, baseUrl }];
  });
  return { config: { ...config, providers: addressed }, simulator };
};
