/** A configuration with another data directory. */
import { join, relative } from 'node:path';
import type { Config } from '../server/config.ts';

/** Whatever lay in the configured data directory lies in the given one. */
export const movedTo = (dataDir: string, config: Config): Config => {
  const moved = (path: string): string => {
    const inside = relative(config.dataDir, path);
    return inside.startsWith('..') ? path : join(dataDir, inside);
  };
  return {
    ...config,
    dataDir,
    keysFile: moved(config.keysFile),
    exporters: config.exporters.map((exporter) => {
      const path = exporter.config?.['path'];
      return typeof path === 'string' ? { ...exporter, config: { ...exporter.config, path: moved(path) } } : exporter;
    }),
  };
};
