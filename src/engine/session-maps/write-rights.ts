import type { LocalNode, RawCoID } from 'cojson';
import { isOwnSession } from '../content.ts';
import { getKnownCoValue } from '../covalue-lookup.ts';
import { mayWrite } from '../covalue-access.ts';
import { checkRole } from '../refusals/check-role.ts';
import { checkEdits, type SessionMapLayer } from './session-maps.ts';

export interface WriteRights {
  /** Sets the node whose own edits are checked. */
  follow(node: LocalNode): void;
}

/**
 * Throws WRITE_FORBIDDEN for an edit that every reader of a group-owned CoValue would ignore, because its author has no
 * right to write. cojson makes such an edit, which changes nothing and is then confirmed.
 *
 * Edits of groups are not checked: cojson makes some that count nowhere, in calls that succeed.
 */
export function createWriteRights(): WriteRights & { readonly layer: SessionMapLayer } {
  let node: LocalNode | undefined;

  function check(id: RawCoID, sessionID: string, metaJson: string | undefined): void {
    if (!node || !isOwnSession(node, sessionID) || isExempt(metaJson)) return;
    const core = getKnownCoValue(node, id);
    if (core) checkRole(core, mayWrite);
  }

  return {
    follow: (followed) => void (node = followed),
    layer: (createBelow, coValueID) =>
      checkEdits(createBelow(), (sessionID, _changesJson, metaJson) => check(coValueID, sessionID, metaJson)),
  };
}

/** A reader may point to their own branch. Merges, including those after a fork, succeed without the right, as in cojson. */
function isExempt(metaJson: string | undefined): boolean {
  if (metaJson === undefined) return false;
  const meta = JSON.parse(metaJson) as Readonly<Record<string, unknown>>;
  return 'mi' in meta || 'merged' in meta || ('branch' in meta && 'ownerId' in meta);
}
