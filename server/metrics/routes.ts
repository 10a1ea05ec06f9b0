/** `GET /metrics`. */
import type { Delivery } from '../../exporters/delivery/open.ts';
import type { Route } from '../admin/routes.ts';
import type { IntakeCounts } from '../intake/counts.ts';
import { deliveryFamilies } from './delivery.ts';
import { exposition, expositionType } from './exposition.ts';
import { instrumentFamilies } from './instruments.ts';
import { intakeFamilies } from './intake.ts';
import { processFamilies } from './process.ts';

/** @param open whether it is answered without a key */
export const metricsRoute = (
  delivery: Pick<Delivery, 'stats'>,
  intake: Readonly<IntakeCounts>,
  open: boolean,
): Route => ({
  method: 'GET',
  path: '/metrics',
  role: 'read',
  open,
  run: async () => {
    const families = [
      ...deliveryFamilies(await delivery.stats()),
      ...intakeFamilies(intake),
      ...instrumentFamilies(),
      ...processFamilies(),
    ];
    return { status: 200, type: expositionType, body: exposition(families) };
  },
});
