import type { IncomingMessage } from 'node:http';
import { createKernelError } from '../../base/kernel-error.ts';
import type { RelayLimits } from '../config/relay-options.ts';

/** Counts connections, in total and per address. */
export interface Admission {
  /** The reason for refusing another connection; undefined if there is room. */
  refusal(address: string): string | undefined;
  /** Counts a connection. Call the returned function exactly once to release its place. */
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
      if (count >= connections) return `The relay is at its limit of ${connections} connections.`;
      if ((countsByAddress.get(address) ?? 0) < connectionsPerAddress) return undefined;
      return `This address is at its limit of ${connectionsPerAddress} connections.`;
    },
    enter(address) {
      count++;
      countsByAddress.set(address, (countsByAddress.get(address) ?? 0) + 1);
      return () => {
        count--;
        const remaining = (countsByAddress.get(address) ?? 1) - 1;
        if (remaining > 0) countsByAddress.set(address, remaining);
        else countsByAddress.delete(address);
      };
    },
  };
}

/** With `trustProxy`, only the last forwarded entry counts: the client may have forged the others. */
export function addressOf({ headers, socket }: IncomingMessage, trustProxy: boolean): string {
  const forwarded = trustProxy ? headers['x-forwarded-for'] : undefined;
  const nearest = [forwarded ?? []].flat().join(',').split(',').at(-1)?.trim();
  return nearest || (socket.remoteAddress ?? 'unknown');
}

/** Allows a missing `Origin`, because every browser sends it. Throws RELAY_SETTING_INVALID for an invalid entry. */
export function createOriginCheck(origins: readonly string[]): (origin: string | undefined) => boolean {
  for (const origin of origins) {
    if (URL.canParse(origin) && new URL(origin).origin === origin) continue;
    throw createKernelError(
      'RELAY_SETTING_INVALID',
      `${JSON.stringify(origin)} is not a valid origin. Use a scheme, a host and optionally a port, such as https://app.example.org, without a path.`,
    );
  }
  return (origin) => origin === undefined || origins.length === 0 || origins.includes(origin);
}
