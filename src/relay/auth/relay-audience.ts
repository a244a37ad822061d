import { oneLine } from '../../wire/one-line.ts';
import { createKernelError } from '../../base/kernel-error.ts';
import { readSyncPath } from '../../wire/sync-path.ts';
import { isLoopback } from '../config/local-address.ts';

/**
 * Whether a proof for this address is for this relay, and for this app there. Never rests on a header, which a relay that passes proofs on could set.
 * Throws RELAY_SETTING_INVALID for an invalid address. Without addresses, only those of this machine count.
 */
export function createAudienceCheck(
  publicUrls: readonly string[],
): (url: string, appID: string | undefined) => boolean {
  const own = publicUrls.map(readPublicUrl);
  return (text, appID) => {
    const url = readUrl(text);
    if (!url) return false;
    const end = appID === undefined ? '' : `/${appID}`;
    if (own.length > 0) return own.some((place) => placeOf(url) === place + end);
    const place = readSyncPath(url.pathname === '/' ? '/sync' : url.pathname);
    return isLoopback(url.hostname.replace(/^\[|\]$/g, '')) && (!place || place.appID === appID);
  };
}

function readPublicUrl(text: string): string {
  const url = readUrl(text);
  if (url) return placeOf(url);
  throw createKernelError(
    'RELAY_SETTING_INVALID',
    `${JSON.stringify(text)} is not a valid public address (PUBLIC_URLS). Use the whole address as clients dial it, such as wss://relay.example.org/sync.`,
  );
}

function readUrl(text: string): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isPlain = url && url.search === '' && url.hash === '' && url.username === '' && url.password === '';
  return isPlain && /^(wss?|https?):$/.test(url.protocol) ? url : undefined;
}

/** A client dials the same place by WebSocket or by HTTP, and `/sync` if an address has no path. */
function placeOf({ protocol, host, pathname }: URL): string {
  return `${protocol.replace(/^ws/, 'http')}//${host}${pathname === '/' ? '/sync' : pathname}`;
}

/** Why a proof for this address is refused. Any client can send one, of any length. */
export function notAudience(url: string): string {
  return `it is for ${oneLine(url.slice(0, 200))}, which PUBLIC_URLS of the relay does not list`;
}
