/** `/api/exporters` and `/api/dead-letters`. */
import type { ExporterAdministration } from '../exporters/administration.ts';
import type { Route } from './routes.ts';

export const exporterRoutes = (exporters: ExporterAdministration): Route[] => [
  { method: 'GET', path: '/api/exporters', role: 'read', run: exporters.list },
  { method: 'POST', path: '/api/exporters/reload', role: 'admin', run: exporters.reload },
  { method: 'POST', path: '/api/exporters/audit', role: 'read', run: exporters.audit },
  { method: 'GET', path: '/api/exporters/{id}', role: 'read', run: exporters.show },
  { method: 'POST', path: '/api/exporters/{id}/pause', role: 'admin', run: exporters.pause },
  { method: 'POST', path: '/api/exporters/{id}/resume', role: 'admin', run: exporters.resume },
  { method: 'POST', path: '/api/exporters/{id}/rewind', role: 'admin', run: exporters.rewind },
  { method: 'POST', path: '/api/exporters/{id}/check', role: 'read', run: exporters.check },
  { method: 'GET', path: '/api/dead-letters', role: 'read', run: exporters.deadLetters },
  { method: 'POST', path: '/api/dead-letters/replay', role: 'admin', run: exporters.replay },
  { method: 'DELETE', path: '/api/dead-letters', role: 'admin', run: exporters.purge },
];
