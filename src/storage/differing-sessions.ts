import type { CoValueCore } from 'cojson';
import { isEqual } from '../base/equal.ts';
import type { SessionID, Signature, Transaction } from '../engine/content.ts';

/** Consecutive transactions of one session, ending at a signature. */
interface Run {
  readonly transactions: readonly Transaction[];
  readonly signature: Signature;
}

/** Sessions of which memory has other transactions than the disk. `stored`: each session's runs, from its beginning on. */
export function differingSessions(
  stored: ReadonlyMap<SessionID, readonly Run[]>,
  core: CoValueCore | undefined,
): ReadonlySet<SessionID> {
  const differs = ([sessionID, runs]: readonly [SessionID, readonly Run[]]) => {
    const session = core?.verified?.getSession(sessionID);
    // Equal signatures cover equal transactions.
    if (!session || session.lastSignature === runs.at(-1)?.signature) return false;
    const others = session.transactions;
    return runs
      .flatMap(({ transactions }) => transactions)
      .some((transaction, at) => at < others.length && !isEqual(transaction, others[at]));
  };
  return new Set([...stored].filter(differs).map(([sessionID]) => sessionID));
}
