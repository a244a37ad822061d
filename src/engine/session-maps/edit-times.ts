import type { LocalNode, RawCoID } from 'cojson';
import { getKnownCoValue } from '../covalue-lookup.ts';
import { wrapSigning, type SessionMapLayer } from './session-maps.ts';

export interface EditTimes {
  /** Sets the node whose CoValues are used to date edits. Edits dated `genesisTimeMs` keep that time. */
  follow(node: LocalNode, genesisTimeMs: number): void;
}

/**
 * Dates no edit before a transaction that its author already had in the CoValue, whatever the clock shows: in cojson
 * the later edit wins, so a wrong clock would decide which one counts. Another node's CoValues keep that node's times.
 */
export function createEditTimes(): EditTimes & { readonly layer: SessionMapLayer } {
  let afterKnown = (_id: RawCoID, madeAtMs: number): number => madeAtMs;

  return {
    follow(node, genesisTimeMs) {
      afterKnown = (id, madeAtMs) => {
        const coValue = madeAtMs === genesisTimeMs ? undefined : getKnownCoValue(node, id);
        const knownMs = coValue?.latestTxMadeAt ?? 0;
        // Equal times are allowed, because cojson orders such edits of a session by index: a burst of edits
        // must not run ahead of the clock.
        return knownMs > madeAtMs && knownMs < Number.MAX_SAFE_INTEGER ? knownMs + 1 : madeAtMs;
      };
    },
    layer: (createBelow, coValueID) =>
      wrapSigning(createBelow(), (below) => ({
        makeNewPrivateTransaction: (sessionID, signer, changes, keyID, keySecret, meta, madeAt) =>
          below.makeNewPrivateTransaction(
            sessionID,
            signer,
            changes,
            keyID,
            keySecret,
            meta,
            afterKnown(coValueID, madeAt),
          ),
        makeNewTrustingTransaction: (sessionID, signer, changes, meta, madeAt) =>
          below.makeNewTrustingTransaction(sessionID, signer, changes, meta, afterKnown(coValueID, madeAt)),
      })),
  };
}
