import type { Clock } from '../../base/clock.ts';
import type { SignInLimits } from '../client/connection-options.ts';
import type { RelayLimits } from '../config/relay-options.ts';

/** Counts open connections, in total and per address; and new ones, failed sign-ins and lookups per address and minute. */
export interface Admission extends SignInLimits {
  /** The reason for refusing another connection; undefined if there is room. */
  refusal(address: string): string | undefined;
  /** Counts a connection. Call the returned function exactly once to release its place. */
  enter(address: string): () => void;
}

type AdmissionLimits = Pick<
  RelayLimits,
  | 'connections'
  | 'connectionsPerAddress'
  | 'newConnectionsPerMinute'
  | 'failedSignInsPerMinute'
  | 'lookupsPerMinute'
>;

const minuteMs = 60_000;

export function createAdmission(limits: AdmissionLimits, clock: Pick<Clock, 'elapsedMs'>): Admission {
  const { connections, connectionsPerAddress, newConnectionsPerMinute } = limits;
  const { failedSignInsPerMinute, lookupsPerMinute } = limits;
  const countsByAddress = new Map<string, number>();
  let count = 0;
  const opened = countPerMinute(clock);
  const failed = countPerMinute(clock);
  const lookups = countPerMinute(clock);

  function signInRefusal(address: string): string | undefined {
    if (failed.of(address) < failedSignInsPerMinute) return undefined;
    return `This address is at its limit of ${failedSignInsPerMinute} failed sign-ins a minute.`;
  }

  return {
    refusal(address) {
      if (count >= connections) return `The relay is at its limit of ${connections} connections.`;
      if ((countsByAddress.get(address) ?? 0) >= connectionsPerAddress)
        return `This address is at its limit of ${connectionsPerAddress} connections.`;
      if (opened.of(address) >= newConnectionsPerMinute)
        return `This address is at its limit of ${newConnectionsPerMinute} new connections a minute.`;
      return signInRefusal(address);
    },
    enter(address) {
      count++;
      opened.add(address);
      countsByAddress.set(address, (countsByAddress.get(address) ?? 0) + 1);
      return () => {
        count--;
        const remaining = (countsByAddress.get(address) ?? 1) - 1;
        if (remaining > 0) countsByAddress.set(address, remaining);
        else countsByAddress.delete(address);
      };
    },
    signInFailed: failed.add,
    signInRefusal,
    countLookup(address) {
      if (lookups.of(address) >= lookupsPerMinute)
        return `This address is at its limit of ${lookupsPerMinute} lookups of passkeys a minute.`;
      lookups.add(address);
      return undefined;
    },
  };
}

/** Counts minute by minute, so that addresses of earlier minutes take no memory. */
function countPerMinute(clock: Pick<Clock, 'elapsedMs'>) {
  const counts = new Map<string, number>();
  let minute = 0;

  function of(address: string): number {
    const now = Math.floor(clock.elapsedMs() / minuteMs);
    if (now !== minute) counts.clear();
    minute = now;
    return counts.get(address) ?? 0;
  }

  return { of, add: (address: string) => void counts.set(address, of(address) + 1) };
}
