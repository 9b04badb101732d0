/** Writes `docs/texml-reference.md` from the table of verbs: `npm run texml-reference`. */
import { writeFileSync } from 'node:fs';
import { renderReference } from '../texml/reference';

writeFileSync('docs/texml-reference.md', renderReference());
