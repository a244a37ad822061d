import type { LocalNode, RawCoID } from 'cojson';
import { getKnownCoValue } from '../covalue-lookup.ts';
import { readGroupChange } from '../group-rules/read-change.ts';
import { wrapSigning, type SessionMapLayer } from './session-maps.ts';

export interface RemovalHeads {
  /** Sets the node in whose groups members are removed. */
  follow(node: LocalNode): void;
}

/**
 * Signs with each role but those that change roles how much of every session of the member was here, as `meta.heads`: so with
 * each removal and each lesser role. `revocation-heads` explains what it is for. Stock cojson ignores it.
 */
export function createRemovalHeads(): RemovalHeads & { readonly layer: SessionMapLayer } {
  let nodeOfSession: LocalNode | undefined;
  return {
    follow(node) {
      nodeOfSession = node;
    },
    layer: (createBelow, coValueID) =>
      wrapSigning(createBelow(), ({ makeNewTrustingTransaction: make }) => ({
        makeNewTrustingTransaction: (sessionID, signerSecret, changes, meta, madeAt) => {
          const heads = nodeOfSession && headsOf(nodeOfSession, coValueID, changes);
          return make(sessionID, signerSecret, changes, heads ? withHeads(meta, heads) : meta, madeAt);
        },
      })),
  };
}

/** Undefined if this gives no role, or one that changes roles. */
function headsOf(node: LocalNode, id: RawCoID, changesJson: string): Record<string, number> | undefined {
  const core = getKnownCoValue(node, id);
  if (!core?.isGroup()) return undefined;
  const change = readGroupChange(JSON.parse(changesJson));
  if (change.kind !== 'role' || change.role === 'admin' || change.role === 'manager') return undefined;
  const sessions = Object.entries(core.knownState().sessions);
  return Object.fromEntries(
    sessions.filter(([sessionID]) => sessionID.startsWith(`${change.member}_session_`)),
  );
}

function withHeads(metaJson: string | undefined, heads: Record<string, number>): string {
  const meta = metaJson === undefined ? {} : (JSON.parse(metaJson) as Readonly<Record<string, unknown>>);
  return JSON.stringify({ ...meta, heads });
}
