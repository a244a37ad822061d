import type { IncomingMessage } from 'node:http';
import { createKernelError } from '../../base/kernel-error.ts';
import type { RelayLimits } from '../relay-options.ts';

/** Counts connections, in all and by the address they come from. */
export interface Admission {
  /** Why there is no room for one more; undefined where there is. */
  refusal(address: string): string | undefined;
  /** Counts one; the returned function, called once, gives its place back. */
  enter(address: string): () => void;
}

export function createAdmission({
  connections,
  connectionsPerAddress,
}: Pick<RelayLimits, 'connections' | 'connectionsPerAddress'>): Admission {
  const countsByAddress = new Map<string, number>();
  let count = 0;

  return {
    refusal(address) {
      if (count >= connections) return `The relay has its ${connections} connections.`;
      if ((countsByAddress.get(address) ?? 0) < connectionsPerAddress) return undefined;
      return `There are ${connectionsPerAddress} connections from this address already.`;
    },
    enter(address) {
      count++;
      countsByAddress.set(address, (countsByAddress.get(address) ?? 0) + 1);
      return () => {
        count--;
        const rest = (countsByAddress.get(address) ?? 1) - 1;
        if (rest > 0) countsByAddress.set(address, rest);
        else countsByAddress.delete(address);
      };
    },
  };
}

/** Where a request comes from: with `trustProxy` what the nearest proxy says, as the client may have written the rest. */
export function addressOf({ headers, socket }: IncomingMessage, trustProxy: boolean): string {
  const forwarded = trustProxy ? headers['x-forwarded-for'] : undefined;
  const nearest = [forwarded ?? []].flat().join(',').split(',').at(-1)?.trim();
  return nearest || (socket.remoteAddress ?? 'unknown');
}

/**
 * Whether a page of this origin may open a WebSocket. Only browsers name one, and only they can be made to connect by
 * a page. Throws RELAY_SETTING_INVALID on what is no origin.
 */
export function createOriginCheck(origins: readonly string[]): (origin: string | undefined) => boolean {
  for (const origin of origins) {
    if (URL.canParse(origin) && new URL(origin).origin === origin) continue;
    throw createKernelError(
      'RELAY_SETTING_INVALID',
      `${JSON.stringify(origin)} is not an origin that the relay could allow. One is a scheme, a host and perhaps a port, such as https://app.example.org, with nothing behind.`,
    );
  }
  return (origin) => origin === undefined || origins.length === 0 || origins.includes(origin);
}
