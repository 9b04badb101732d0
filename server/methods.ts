/** What a route answers to methods it does not have: 405 with `Allow`; OPTIONS is answered with the same list. */
import type { RequestHandler } from 'express';
import { sendProblem } from './problems';

export function onlyMethods(...methods: readonly string[]): RequestHandler {
  const allow = [...methods, 'OPTIONS'].join(', ');
  return (request, response) => {
    if (request.method === 'OPTIONS') {
      response.set('Allow', allow).status(204).end();
      return;
    }
    const detail = `this route answers ${allow}`;
    sendProblem(response, { status: 405, code: 'method_not_allowed', detail, headers: { Allow: allow } });
  };
}
