/** Addresses that customers give us to send requests to. What a name resolves to is checked when connecting. */
import { isIP } from 'node:net';

const LONGEST = 2_000;

/**
 * What is wrong with an address, to follow its name; null when requests may go there. https at port 443 to a host by
 * its name, or whatever is listed. It looks at what was parsed: `0x7f000001` and `127.1` are loopback as well.
 *
 * @param allowedHosts `host:port`, as in OUTBOUND_ALLOW_HOSTS
 */
export function outboundUrlProblem(text: string, allowedHosts: readonly string[]): string | null {
  if (text.length > LONGEST) return `must be at most ${LONGEST} characters`;
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !['http:', 'https:'].includes(url.protocol))
    return 'must be an address that begins with https://';
  if (url.username !== '' || url.password !== '') return 'must not contain a user name or password';
  if (isListed(url, allowedHosts)) return null;
  if (url.protocol !== 'https:' || url.port !== '')
    return 'must be https at port 443, unless OUTBOUND_ALLOW_HOSTS names its host and port';
  if (isIP(url.hostname.replace(/^\[|\]$/g, '')) > 0 || isOfThisMachine(url.hostname))
    return 'must name its host by a public name, unless OUTBOUND_ALLOW_HOSTS names it';
  return null;
}

/** Whether somebody said that this host may be asked, even if it is not public. @param allowedHosts `host:port` */
export function isListed({ protocol, hostname, port }: URL, allowedHosts: readonly string[]): boolean {
  // `URL.port` leaves the default port out; the list always names one.
  const usual = protocol === 'https:' ? '443' : '80';
  return ['http:', 'https:'].includes(protocol) && allowedHosts.includes(`${hostname}:${port || usual}`);
}

/** A name without a dot is looked up in our own network. */
function isOfThisMachine(host: string): boolean {
  const name = host.replace(/\.$/, '');
  return !name.includes('.') || name.endsWith('.localhost');
}
