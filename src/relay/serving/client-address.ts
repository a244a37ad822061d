import type { IncomingMessage } from 'node:http';
import { isIPv6 } from 'node:net';

/**
 * Whose connections are counted together: an IPv4 address, or the /64 of an IPv6 address, which one customer of a provider
 * has as a whole. With `trustProxy`, only the last forwarded entry counts: the client may have forged the others.
 */
export function addressOf({ headers, socket }: IncomingMessage, trustProxy: boolean): string {
  const forwarded = trustProxy ? headers['x-forwarded-for'] : undefined;
  const nearest = [forwarded ?? []].flat().join(',').split(',').at(-1)?.trim();
  return countedAddress(nearest || (socket.remoteAddress ?? 'unknown'));
}

export function countedAddress(address: string): string {
  const [plain = address] = address.replace(/^\[(.*)\](?::\d+)?$/, '$1').split('%');
  if (!isIPv6(plain)) return address;
  const groups = groupsOf(plain);
  return groups.slice(0, 6).join(':') === '0:0:0:0:0:ffff'
    ? dotted(groups.slice(6))
    : `${groups.slice(0, 4).join(':')}::/64`;
}

/** The eight groups, without leading zeros. */
function groupsOf(address: string): readonly string[] {
  // The URL parser writes the address in its canonical form, mapped IPv4 in hexadecimal digits.
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [before = [], after = []] = canonical.split('::').map((part) => part.split(':').filter(Boolean));
  const zeros = Array<string>(8 - before.length - after.length).fill('0');
  return [...before, ...zeros, ...after];
}

function dotted(groups: readonly string[]): string {
  const bytes = groups.flatMap((group) => [parseInt(group, 16) >> 8, parseInt(group, 16) & 0xff]);
  return bytes.join('.');
}
