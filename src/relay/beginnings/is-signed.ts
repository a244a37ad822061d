import type { LocalNode } from 'cojson';
import type { CoValueHeader } from '../../engine/content.ts';
import { getKnownCoValue } from '../../engine/covalue-lookup.ts';
import type { SessionPiece } from './beginning-digests.ts';

/** Whether this signer has signed the session up to the end of this content. cojson verifies only what it also takes. */
export function isSigned(
  node: LocalNode,
  { id, header, sessionID, content }: SessionPiece & { readonly header: CoValueHeader },
  signer: string | undefined,
): boolean {
  const stored = getKnownCoValue(node, id)?.verified?.getSession(sessionID)?.transactions ?? [];
  const transactions = [...stored.slice(0, content.after), ...content.newTransactions];
  try {
    const sessions = node.crypto.createSessionMap(id, JSON.stringify(header), undefined, true);
    sessions.addTransactions(sessionID, signer, JSON.stringify(transactions), content.lastSignature, false);
    return true;
  } catch {
    return false;
  }
}
