import type { CoValueCore, LocalNode } from 'cojson';
import {
  authorOf,
  sessionsOf,
  type Content,
  type SessionID,
  type Transaction,
} from '../../engine/content.ts';
import { getKnownCoValue } from '../../engine/covalue-lookup.ts';
import { createGroupMembers, type GroupMembers } from './group-members.ts';
import { readAct } from './read-act.ts';

/** The members of the groups and accounts in the node's memory. */
export interface MemberIndex {
  /** `no group`: it is something else, and will never be one. Undefined while it is not here. */
  of(groupID: string): GroupMembers | 'no group' | undefined;
  /** Call it after cojson has handled content. Returns false if it has changed no roles or parents of a group. */
  arrived(content: Content): boolean;
}

interface Indexed {
  readonly members: GroupMembers;
  readonly counts: Map<string, number>;
}

/** Reads each transaction once, and groups only once a role matters. */
export function createMemberIndex(node: LocalNode): MemberIndex {
  const indexed = new WeakMap<CoValueCore, Indexed>();

  function find(groupID: string): CoValueCore | undefined {
    const core = getKnownCoValue(node, groupID);
    return core?.isAvailable() ? core : undefined;
  }

  /** Returns false if they only reveal keys. */
  function read(index: Indexed, sessionID: SessionID, transactions: readonly Transaction[]): boolean {
    const from = index.counts.get(sessionID) ?? 0;
    const author = authorOf(sessionID);
    let isChanged = false;
    transactions.forEach((transaction, place) => {
      if (isRevelation(transaction)) return;
      isChanged = true;
      index.members.add(readAct({ author, sessionID, index: from + place }, transaction));
    });
    index.counts.set(sessionID, from + transactions.length);
    return isChanged;
  }

  return {
    of(groupID) {
      const core = find(groupID);
      const header = core?.verified?.header;
      if (!core?.verified || !header) return undefined;
      if (header.ruleset.type !== 'group' || header.type !== 'comap') return 'no group';
      const known = indexed.get(core);
      if (known) return known.members;
      const members = createGroupMembers(groupID, String(header.ruleset.initialAdmin));
      const index: Indexed = { members, counts: new Map() };
      indexed.set(core, index);
      for (const [sessionID, { transactions }] of core.verified.getSessions())
        read(index, sessionID, transactions);
      return members;
    },
    arrived(content) {
      const core = find(content.id);
      const index = core && indexed.get(core);
      // A CoValue that has just come into memory was not here when it was asked.
      if (!index) return core !== undefined;
      let isChanged = false;
      for (const [sessionID, { after, newTransactions }] of sessionsOf(content)) {
        const count = core.verified?.getTransactionsCount(sessionID) ?? 0;
        const from = index.counts.get(sessionID) ?? 0;
        if (count <= from) continue;
        // cojson may have added more than this content.
        const isWhole = from >= after && count <= after + newTransactions.length;
        const transactions = isWhole
          ? newTransactions.slice(from - after, count - after)
          : (core.verified?.getSession(sessionID)?.transactions.slice(from, count) ?? []);
        if (read(index, sessionID, transactions)) isChanged = true;
      }
      return isChanged;
    },
  };
}

/**
 * Most transactions of a group reveal keys, which gives no role. Also saves reading what is malformed. Only in cojson's form: JSON
 * can name a key twice, and the last one counts.
 */
function isRevelation(transaction: Transaction): boolean {
  return transaction.privacy === 'trusting' && revelation.test(transaction.changes);
}

const revelation = /^\[{"op":"set","key":"key_[^"\\]*","value":"[^"\\]*"}\]$/;
