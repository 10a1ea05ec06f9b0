/** `POST /api/events`. */
import type { Intake } from '../intake/intake.ts';
import type { StreamRoute } from './routes.ts';

export const intakeRoute = (intake: Intake): StreamRoute => ({
  method: 'POST',
  path: '/api/events',
  role: 'intake',
  take: ({ headers, body }) => intake.take(headers, body),
});
