/**
 * Readers of single environment variables: text in, value out, or a `Refusal` that says what is wrong and what to do.
 * A refusal never contains the text itself, so that a mistyped secret cannot reach a log.
 */
import { accessSync, constants } from 'node:fs';
import { resolve } from 'node:path';

export class Refusal extends Error {
  constructor(
    readonly problem: string,
    readonly fix: string,
  ) {
    super(problem);
  }
}

export type Parser<T> = (text: string) => T;

const looksLikePlaceholder = /^(your[-_ ].*|.*[-_ ]here|<.*>|\[.*\]|change[-_]?me|replace[-_]?me|\.{3}|.*x{6,}.*)$/i;

/** Refuses what samples leave behind, and the quotes that Docker's env files hand through. */
export function refuseLeftovers(text: string): void {
  if (/^(["']).*\1$/s.test(text) || /^["']|["']$/.test(text)) {
    throw new Refusal('has quotes around its value', 'write it without quotes');
  }
  if (looksLikePlaceholder.test(text)) {
    throw new Refusal('is still a placeholder from a sample', 'put in the real value, or remove the line');
  }
  if (/[\r\n\0]/.test(text)) throw new Refusal('contains a line break', 'write it in one line');
}

/** Letters, digits and signs that may stand in an HTTP header. */
export function key(text: string): string {
  if (/^[\x21-\x7e]+$/.test(text)) return text;
  throw new Refusal('contains spaces or characters that no key has', 'copy it again');
}

export function text(options: { readonly max: number }): Parser<string> {
  return (given) => {
    if (given.length <= options.max) return given;
    throw new Refusal(`is longer than ${options.max} characters`, 'shorten it');
  };
}

export function matching(pattern: RegExp, problem: string, fix: string): Parser<string> {
  return (given) => {
    if (pattern.test(given)) return given;
    throw new Refusal(problem, fix);
  };
}

/** Its path, from the root. */
export function file(given: string): string {
  try {
    accessSync(given, constants.R_OK);
  } catch {
    throw new Refusal('names a file that cannot be read', 'name one that exists, or remove the line');
  }
  return resolve(given);
}

export function integer(options: { readonly min: number; readonly max: number }): Parser<number> {
  return (given) => {
    const value = Number(given);
    if (/^\d+$/.test(given) && value >= options.min && value <= options.max) return value;
    throw new Refusal(`is not a whole number from ${options.min} to ${options.max}`, 'write digits only');
  };
}

export const port = integer({ min: 1, max: 65_535 });

export function oneOf<const T extends string>(...choices: readonly T[]): Parser<T> {
  return (given) => {
    const chosen = choices.find((choice) => choice === given.toLowerCase());
    if (chosen !== undefined) return chosen;
    throw new Refusal(`is none of ${choices.join(', ')}`, 'choose one of them');
  };
}

/** True, 1, yes, on and their opposites, in any case. */
export function flag(given: string): boolean {
  const word = given.toLowerCase();
  if (['true', '1', 'yes', 'on'].includes(word)) return true;
  if (['false', '0', 'no', 'off'].includes(word)) return false;
  throw new Refusal('is neither True nor False', 'write True or False');
}

/** Comma separated; spaces around and empty entries are dropped, repeats too. An entry from a sample is refused. */
export function list<T>(entry: Parser<T>): Parser<readonly T[]> {
  return (given) => [
    ...new Set(
      given
        .split(',')
        .map((part) => part.trim())
        .filter(Boolean)
        .map((part) => {
          refuseLeftovers(part);
          return entry(part);
        }),
    ),
  ];
}

/** An http(s) address without a slash at its end. */
export function httpUrl(given: string): string {
  const url = parseUrl(given, ['http:', 'https:']);
  if (url.username || url.password)
    throw new Refusal('contains a user name or password', 'take them out of the address');
  if (url.search || url.hash) throw new Refusal('contains a query or a fragment', 'end it after the path');
  return url.href.replace(/\/+$/, '');
}

export function redisUrl(given: string): string {
  parseUrl(given, ['redis:', 'rediss:']);
  return given;
}

function parseUrl(given: string, schemes: readonly string[]): URL {
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (url?.hostname && schemes.includes(url.protocol)) return url;
  const begins = schemes.map((scheme) => `${scheme}//`).join(' or ');
  throw new Refusal(`is not an address that begins with ${begins}`, `write it with ${begins}`);
}

/** A host as people type it for DOMAIN: no scheme, no path. */
export function domain(given: string): string {
  if (/^(your-domain|yourdomain|example)\.(com|org|net)$/i.test(given)) {
    throw new Refusal(
      'is still a placeholder from a sample',
      'write the host name under which Telnyx reaches this server',
    );
  }
  if (given.includes('://')) throw new Refusal('contains a scheme', 'write the host alone, or use PUBLIC_URL');
  if (given.includes('/')) throw new Refusal('contains a path', 'write the host alone, or use PUBLIC_URL');
  if (/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?$/i.test(given)) return given.toLowerCase();
  throw new Refusal('is not a host name', 'write it like calls.acme.com');
}

const atTelnyx = 'copy it from the Telnyx portal: Keys & Credentials > Public Key';

/** An Ed25519 public key as Telnyx shows it: 32 bytes in base64. */
export function publicKey(given: string): string {
  if (given.includes('BEGIN')) throw new Refusal('is in PEM form, base64 of 32 bytes is needed', atTelnyx);
  if (/^[0-9a-f]{64}$/i.test(given)) throw new Refusal('is in hex, base64 of 32 bytes is needed', atTelnyx);
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(given)) throw new Refusal('is not base64', atTelnyx);
  if (given.length % 4 !== 0) throw new Refusal('is base64 cut short: the "=" at its end is missing', atTelnyx);
  const { length } = Buffer.from(given, 'base64');
  if (length !== 32) throw new Refusal(`decodes to ${length} bytes, an Ed25519 public key has 32`, atTelnyx);
  return given;
}

/** A Standard Webhooks secret, base64 with or without its prefix. */
export function signingSecret(given: string): string {
  const base64 = given.replace(/^whsec_/, '');
  const bytes = /^[A-Za-z0-9+/]+={0,2}$/.test(base64) ? Buffer.from(base64, 'base64').length : 0;
  if (bytes >= 24 && bytes <= 64) return given;
  throw new Refusal('is not base64 of 24 to 64 bytes', 'make one: openssl rand -base64 32');
}

/** `host:port`, the port in so many words. */
export function hostAndPort(given: string): string {
  const match = /^([a-z0-9.-]+|\[[0-9a-f:]+\]):(\d+)$/i.exec(given);
  if (match && Number(match[2]) >= 1 && Number(match[2]) <= 65_535) return given.toLowerCase();
  throw new Refusal('has an entry that is not host:port', 'write for example storage.acme.com:443');
}

/** A call to this number is answered with this flow. */
export interface InboundFlow {
  /** E.164. */
  readonly number: string;
  readonly flow: string;
}

/** `+15551234567=after-hours` */
export function inboundFlow(given: string): InboundFlow {
  const [, number, flow] = /^(\+[1-9]\d{6,14})\s*=\s*([a-z0-9_-]{1,64})$/.exec(given) ?? [];
  if (number !== undefined && flow !== undefined) return { number, flow };
  throw new Refusal('has an entry that is not number=flow', 'write for example +15551234567=after-hours');
}

/** A country as two letters, or the first digits of numbers after a plus. */
export function destination(given: string): string {
  if (/^[a-z]{2}$/i.test(given)) return given.toUpperCase();
  if (given === '*' || /^\+[1-9]\d{0,14}$/.test(given)) return given;
  throw new Refusal(
    'has an entry that is neither a country (US) nor a prefix (+1876) nor *',
    'write for example US,+4420',
  );
}

/** Loopback by name or number, with or without a port. */
export function isLoopback(host: string): boolean {
  return /^(localhost|.*\.localhost|127(\.\d+){3}|\[?(::1|::ffff:127\..*)\]?|0\.0\.0\.0)(:\d+)?$/i.test(host);
}
