import type { SyncMessage } from 'cojson';
import type { SyncInspection } from '../sync/inspection.ts';
import { findCoValue, readsAsSkipped } from '../engine/private-fields.ts';
import type { Quarrel } from './unsynced/reason.ts';
import { ownPeerID } from './shared/peer-address.ts';

/** Notices what goes wrong between one CoValue and one relay, from what passes between them and what cojson says of it. */
export interface Quarrels {
  heard(relayID: string, message: SyncMessage, atMs: number): void;
  /** The same object until something else is to be said. */
  of(id: string, relayIDs: readonly string[]): readonly Quarrel[];
}

/** Of CoValues that a relay asked for again; the oldest go first. */
const mostRemembered = 500;
const none: readonly Quarrel[] = [];

export function createQuarrels({ node }: Pick<SyncInspection, 'node'>): Quarrels {
  const askedAgain = new Map<string, number>();

  function quarrelWith(relayID: string, id: string): Quarrel | undefined {
    const coValue = findCoValue(node, id);
    const isSkipped = coValue !== undefined && readsAsSkipped(coValue, ownPeerID(node, relayID)) === true;
    const askedAgainAtMs = askedAgain.get(keyOf(relayID, id));
    if (!isSkipped && askedAgainAtMs === undefined) return undefined;
    return { relayID, isSkipped, ...(askedAgainAtMs !== undefined && { askedAgainAtMs }) };
  }

  return {
    heard(relayID, message, atMs) {
      if (message.action !== 'known' || !message.isCorrection) return;
      const key = keyOf(relayID, message.id);
      askedAgain.delete(key);
      askedAgain.set(key, atMs);
      const [oldest] = askedAgain.keys();
      if (askedAgain.size > mostRemembered && oldest !== undefined) askedAgain.delete(oldest);
    },
    of(id, relayIDs) {
      const quarrels = relayIDs.map((relayID) => quarrelWith(relayID, id));
      const known = quarrels.filter((quarrel) => quarrel !== undefined);
      return known.length === 0 ? none : known;
    },
  };
}

function keyOf(relayID: string, id: string): string {
  return `${relayID} ${id}`;
}
