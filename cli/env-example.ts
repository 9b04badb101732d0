/** Writes `.env.example` from the table of variables: `npm run env-example`. */
import { writeFileSync } from 'node:fs';
import { renderEnvExample } from '../platform/config-table';

writeFileSync('.env.example', renderEnvExample());
