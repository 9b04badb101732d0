/**
 * One JSON line for each event, on standard output. Whatever a caller hands over, phone numbers are masked and keys
 * removed: known fields by name, and numbers or Telnyx keys inside any text by their looks (an error's message can
 * repeat a request). A line stays one line on any terminal. Which events there are, and their fields, is not decided here.
 */
import { pino } from 'pino';
import type { DestinationStream, Level, Logger } from 'pino';
import { maskPhone } from '../domain/phone-numbers';

export type { Logger } from 'pino';

const SECRET_FIELDS = ['apiKey', 'authorization', 'password', 'token', 'login_token', 'signingSecret', 'x-api-key'];

/** The logger of a process; `child({callId})` gives that of a call. Lines are written at once, also when it crashes. */
export function createLogger(options: {
  readonly level: Level | 'silent';
  /** @default standard output */
  readonly destination?: DestinationStream;
}): Logger {
  const paths = SECRET_FIELDS.flatMap((field) => ['', '*.', '*.*.', '*.*.*.'].map((above) => pathTo(above, field)));
  const settings = {
    level: options.level,
    base: { pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths, censor: 'removed' },
    hooks: { streamWrite: maskByLooks },
  };
  return pino(settings, options.destination ?? pino.destination({ dest: 1, sync: true }));
}

function pathTo(above: string, field: string): string {
  return field.includes('-') ? `${above.replace(/\.$/, '')}["${field}"]` : above + field;
}

/** Line ends and controls of terminals that JSON lets stand as they are. */
const BEYOND_JSON = /[\u007f-\u009f\u2028\u2029]/g;

function maskByLooks(line: string): string {
  return line
    .replace(/\+[1-9]\d{6,14}(?!\d)/g, maskPhone)
    .replace(/\bKEY[0-9A-Za-z_-]{8,}/g, 'KEY*****')
    .replace(/\bBearer [^\s"\\]+/g, 'Bearer *****')
    .replace(BEYOND_JSON, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
