import type { AgentID, LocalNode } from 'cojson';
import { shownBy } from '../support/engine/tied-views.ts';
import type { Shared } from './shared-values.ts';

export interface Verdict {
  readonly isValid: boolean;
  readonly reason: string | undefined;
  readonly atMs: number;
  readonly changes: string | undefined;
  readonly keyID: string | undefined;
}

export interface Shown {
  /** By CoValue and what of it. */
  readonly content: Readonly<Record<string, string>>;
  /** By CoValue and transaction. */
  readonly verdicts: Readonly<Record<string, Verdict>>;
}

export function show(node: LocalNode, { groupIDs, valueIDs, accountIDs }: Shared): Shown {
  const content: Record<string, string> = {};
  const verdicts: Record<string, Verdict> = {};
  for (const id of [...groupIDs, ...valueIDs]) {
    try {
      Object.assign(content, shownBy(node, [id], accountIDs as readonly string[] as readonly AgentID[]));
    } catch (error) {
      content[`${id} error`] = String(error);
    }
    const settings = content[`${id} group`];
    if (settings !== undefined) content[`${id} group`] = withoutKeys(settings);
    const core = node.getCoValue(id);
    if (!core.isAvailable()) continue;
    for (const {
      txID,
      isValid,
      validationErrorMessage: reason,
      currentMadeAt: atMs,
      changes,
      tx,
    } of core.verifiedTransactions)
      verdicts[`${id} ${txID.sessionID} ${txID.txIndex}`] = {
        isValid,
        reason,
        atMs,
        changes: JSON.stringify(changes),
        keyID: tx.privacy === 'private' ? tx.keyUsed : undefined,
      };
  }
  return { content, verdicts };
}

/** Whoever opens a group may reveal its keys to more members, so new clients show more than those before them. */
function withoutKeys(settings: string): string {
  const all = JSON.parse(settings) as readonly (readonly [key: string, value: unknown])[];
  return JSON.stringify(all.filter(([key]) => !key.startsWith('key_') && !key.startsWith('writeKeyFor_')));
}
