import type { CoValueCore } from 'cojson';
import { authorOf } from '../content.ts';
import { judgeInMemory } from '../group-rules/group-in-memory.ts';
import type { MemberRole } from '../group-rules/group-transaction.ts';
import { roleOfInvite } from '../group-rules/roles.ts';
import { dependantsOf } from '../covalue-lookup.ts';
import { findCoValue, openMapOf } from '../private-fields.ts';

const aheadMs = 5 * 60 * 1000;

/** Whether an author has more rights in a group at the later date. */
export function gainsRights(group: CoValueCore, sessionID: string, fromMs: number, untilMs: number): boolean {
  const author = authorOf(sessionID);
  const { roles } = judgeInMemory(group);
  return rankOf(roles.roleAt(author, untilMs)) > rankOf(roles.roleAt(author, fromMs));
}

function rankOf(role: MemberRole | undefined): number {
  if (role === 'admin') return 3;
  if (role === 'manager' || roleOfInvite(role)) return 2;
  return role ? 1 : 0;
}

/**
 * Returns a later date for a change of a group that ends a writer's right to write: after all edits of that writer that
 * are open here, in CoValues of the group and of groups that extend it. cojson judges an edit by the role at its date.
 *
 * The former writer can write until that date. So edits that are over 5 min ahead of now are ignored, and a member who
 * manages one of these groups gets no later date, because they could still replace its key.
 */
export function dateAfterWriter(
  group: CoValueCore,
  changesJson: string,
  dateMs: number,
  nowMs: number,
): number {
  const roles = group.isGroup() && openMapOf(group);
  if (!roles) return dateMs;
  const [change] = JSON.parse(changesJson) as readonly { readonly key: string; readonly value?: unknown }[];
  const { key: member = '', value } = change ?? {};
  const role = roles.get(member);
  const couldWrite = role === 'writer' || role === 'writeOnly';
  if (!couldWrite || (value !== 'reader' && value !== 'revoked')) return dateMs;

  const untilMs = nowMs + aheadMs;
  let laterMs = dateMs;
  const groups = new Set([group]);
  // What depends on a group is what it owns, and the groups that extend it or did.
  for (const above of groups) {
    for (const id of dependantsOf(above)) {
      const core = findCoValue(group.node, id);
      if (!core) continue;
      const given = core.isGroup() && openMapOf(core)?.get(`parent_${above.id}`);
      if (given === 'manager' || given === 'admin') return dateMs;
      if (given && given !== 'revoked') groups.add(core);
      if (core.latestTxMadeAt < laterMs) continue;
      for (const { author, isValid, currentMadeAt: ms } of core.verifiedTransactions) {
        if (author === member && isValid && ms >= laterMs && ms <= untilMs) laterMs = ms + 1;
      }
    }
  }
  return laterMs;
}
