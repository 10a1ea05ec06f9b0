/** The administration of exporters while no gateway owns the data directory: it is opened, and nothing is sent. */
import { openDelivery } from '../../exporters/delivery/open.ts';
import { type Answer, refused } from '../admin/answer.ts';
import { exporterRoutes } from '../admin/exporter-routes.ts';
import type { Route } from '../admin/routes.ts';
import type { Config } from '../config.ts';
import { openDataDir } from '../data-dir.ts';
import { exporterAdministration } from './administration.ts';

export interface OfflineExporters {
  readonly routes: readonly Route[];
  close(): Promise<void>;
}

const needsGateway = async (): Promise<Answer> =>
  refused(409, 'no_gateway', 'No gateway runs on this data directory.', 'Start it: llm-audit gateway.');

/** Rejects with a DeliveryError `directory_owned` while a gateway runs. */
export const openOfflineExporters = async (config: Config): Promise<OfflineExporters> => {
  const { path } = openDataDir(config.dataDir);
  const delivery = await openDelivery({
    dir: path,
    exporters: config.exporters,
    spool: config.spool,
    dead_letters: config.deadLetters,
    held: true,
  });
  const administration = exporterAdministration({
    delivery,
    configured: () => config.exporters,
    reload: async () => ({ problems: [] }),
    tell: () => {},
  });
  return {
    routes: exporterRoutes({ ...administration, reload: needsGateway, replay: needsGateway }),
    close: () => delivery.close(0),
  };
};
