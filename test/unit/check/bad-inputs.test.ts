/**
 * The catalogue of bad inputs: what clients (B01–B35), whoever speaks like the carrier (B36–B58), and authors of documents
 * and flows (B72–B80) may send, and where each is tried; `unit/texml` has the rows between, of XML itself. A row counts as tried when a test of that file has its number at the beginning of its name.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const CATALOGUE: readonly (readonly [row: string, input: string, files: string])[] = [
  ['B01', 'no key, an empty one, one of 1 MB', 'e2e/inputs'],
  ['B02', 'two keys; a key in the query only', 'e2e/inputs'],
  ['B03', 'to_phone missing, null, empty, a list, an object, a boolean', 'e2e/inputs'],
  ['B04', 'to_phone a number', 'e2e/inputs'],
  ['B05', 'a number without its plus', 'e2e/inputs'],
  ['B06', 'a number with spaces, dashes or tel:', 'e2e/inputs'],
  ['B07', 'a number with an extension', 'e2e/inputs'],
  ['B08', 'a list of numbers', 'e2e/inputs'],
  ['B09', 'a SIP address for a number', 'e2e/inputs'],
  ['B10', 'digits of other scripts', 'e2e/inputs'],
  ['B11', 'white space and invisible signs in a number', 'e2e/inputs'],
  ['B12', 'emergency numbers', 'e2e/inputs'],
  ['B13', 'premium, satellite and foreign numbers', 'e2e/inputs'],
  ['B14', 'numbers of 7, 15 and 16 digits', 'e2e/inputs'],
  ['B15', 'a caller id of somebody else, or of the callee', 'e2e/inputs'],
  ['B16', 'unknown fields', 'e2e/inputs'],
  ['B17', 'keys that reach a prototype', 'e2e/inputs'],
  ['B18', 'the same key twice', 'e2e/inputs'],
  ['B19', 'what is nearly JSON; a BOM', 'e2e/inputs'],
  ['B20', 'JSON that is no object; an empty body', 'e2e/inputs'],
  ['B21', 'deep nesting', 'e2e/inputs'],
  ['B22', 'bodies too large, without an end, or that stop half-way', 'e2e/inputs e2e/slow-clients'],
  ['B23', 'other content types', 'e2e/inputs'],
  ['B24', 'compressed bodies', 'e2e/inputs'],
  ['B25', 'other character sets, no UTF-8, half a surrogate pair', 'e2e/inputs'],
  ['B26', 'Idempotency-Keys that are none; two of them', 'e2e/inputs'],
  ['B27', 'one Idempotency-Key for 50 requests, and for another body', 'e2e/inputs'],
  ['B28', 'metadata with many keys, too much of it, or that looks like code', 'e2e/inputs'],
  ['B29', 'fields of campaigns; numbers beyond JSON', 'e2e/inputs'],
  ['B30', 'time limits out of range', 'e2e/inputs'],
  ['B31', 'ids that are none, with escapes and line ends', 'e2e/inputs'],
  ['B32', 'methods that a route does not have', 'e2e/inputs'],
  ['B33', 'what is no HTTP/1.1; two requests in one', 'e2e/inputs'],
  ['B34', 'headers that claim another address, method or path', 'e2e/inputs'],
  ['B35', 'ending a call that ended, or never was', 'e2e/inputs'],
  ['B36', 'webhooks without a signature', 'e2e/inputs'],
  ['B37', 'signatures of another key, or of another body', 'e2e/inputs'],
  ['B38', 'signatures that are misspelt', 'e2e/inputs'],
  ['B39', 'timestamps 5 minutes off', 'e2e/inputs'],
  ['B40', 'timestamps that are none', 'e2e/inputs'],
  ['B41', 'bytes moved from the body to the timestamp', 'e2e/inputs'],
  ['B42', 'a webhook repeated', 'e2e/inputs'],
  ['B43', 'a webhook printed again', 'e2e/inputs'],
  ['B44', 'signed bodies that are no event', 'e2e/inputs'],
  ['B45', 'unknown types; the shape of version 1', 'e2e/inputs'],
  ['B46', 'a call_control_id unknown, huge, or of another type', 'e2e/inputs'],
  ['B47', 'a client_state that is not ours', 'e2e/inputs'],
  ['B48', 'an event of another connection', 'e2e/inputs'],
  ['B49', 'recording URLs that lead elsewhere', 'e2e/recording-urls'],
  ['B50', 'recording URLs that are missing', 'e2e/recording-urls e2e/inputs'],
  ['B51', 'instants that cannot be', 'e2e/inputs unit/platform/telnyx/events'],
  ['B52', 'line ends and controls of terminals in a webhook', 'e2e/inputs'],
  ['B53', 'webhooks too large, compressed, of another type, by GET', 'e2e/inputs'],
  ['B54', 'webhooks that stop half-way or come a byte a second', 'e2e/slow-clients'],
  ['B55', 'a thousand copies of one event', 'e2e/inputs'],
  ['B56', 'events about a call that ended', 'e2e/inputs'],
  ['B57', 'events at the address of their sisters', 'e2e/inputs'],
  ['B58', 'webhooks with the same key twice, many keys, deep nesting', 'e2e/inputs'],
  ['B72', 'a dialed number without its plus', 'unit/server/texml-handler'],
  ['B73', 'dialing a premium number, or the one who is called', 'unit/server/texml-handler'],
  ['B74', 'more text than is spoken at once', 'unit/server/texml-handler'],
  ['B75', 'sounds that are files of ours', 'unit/server/texml-handler'],
  ['B76', 'a Gather out of its ranges', 'unit/server/texml-handler'],
  ['B77', 'a Record out of its ranges', 'unit/server/texml-handler'],
  ['B78', 'endless pauses', 'unit/server/texml-handler'],
  ['B79', 'templates that look like code', 'unit/server/texml-handler'],
  ['B80', 'names of flows that lead elsewhere', 'unit/server/texml-handler unit/server/flow-directory'],
];

/** The rows that the names of a file's tests begin with: `'B14 …'`, `'B56, B57 …'`, also as a row of a table. */
function rowsIn(file: string): readonly string[] {
  const lines = readFileSync(join('test', file), 'utf8').split('\n');
  const names = lines.flatMap((line) =>
    /^ *(\*|\/[/*])/.test(line) ? [] : (line.match(/['`"](B\d\d[ ,:]+)+/g) ?? []),
  );
  return names.flatMap((name) => name.match(/B\d\d/g) ?? []);
}

test('the catalogue has the rows B01 to B58 and B72 to B80, each once', () => {
  const rows = Array.from({ length: 80 }, (_each, index) => `B${String(index + 1).padStart(2, '0')}`);
  expect(CATALOGUE.map(([row]) => row)).toEqual([...rows.slice(0, 58), ...rows.slice(71)]);
});

test.each(CATALOGUE)('%s, %s, is tried in %s', (row, _input, files) => {
  for (const file of files.split(' ')) expect(rowsIn(`${file}.test.ts`)).toContain(row);
});

test('no test is named for a row without the catalogue saying so', () => {
  const files = readdirSync('test', { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.test.ts'));
  const elsewhere = files
    .filter((file) => file !== join('unit', 'check', 'bad-inputs.test.ts'))
    .flatMap((file) => rowsIn(file).map((row) => `${row} ${file.replace('.test.ts', '')}`))
    .filter(
      (found) => !CATALOGUE.some(([row, , where]) => where.split(' ').some((file) => found === `${row} ${file}`)),
    );
  expect(elsewhere).toEqual([]);
});
