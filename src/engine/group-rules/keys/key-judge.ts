import { addToList, addToSet, emptyList, isInSet } from '../../../base/lists.ts';
import type { GroupTransaction, Refusal } from '../group-transaction.ts';
import type { KeyStart } from './key-claims.ts';
import { createKeyNamings } from './key-namings.ts';
import { createKeyRules, kindOf, type KeyFacts } from './keys.ts';
import type { JudgedWithHeads } from '../revocation-heads.ts';
import { roleOfInvite } from '../roles.ts';

export interface KeyJudge {
  /** For all transactions, also those that are not about keys. Those about keys are judged by `settle`. */
  readonly refusals: readonly Refusal[];
  /** Takes the next transaction of which the roles are judged. */
  add(transaction: GroupTransaction): void;
  /** Judges what was added since. Returns whether it has judged the earlier ones again, too. */
  settle(): boolean;
}

interface Setting extends KeyStart {
  readonly byAdmin: boolean;
}

/** Applies the rules of keys as transactions come. They are judged by what later ones say, too, so these can begin it again. */
export function createKeyJudge(judged: JudgedWithHeads): KeyJudge {
  const { authorRoles } = judged;
  const refusals = emptyList<Refusal>();
  /** The places of what is about keys. */
  const entries: number[] = [];
  const settings = new Map<string, Setting[]>();
  const readKeyStarts = new Map<string, KeyStart>();
  const addedBy = new Map<string, Set<string>>();
  const facts: KeyFacts = {
    isReadKey: (keyID) => readKeyStarts.has(keyID),
    readKeyStart: (keyID) => readKeyStarts.get(keyID),
    isAddedBy: (invite, member) => isInSet(addedBy, invite, member),
  };
  const namings = createKeyNamings(entries, judged);
  let rules = createKeyRules(facts, judged);
  let judgedCount = 0;
  /** Whether what was judged rests on something that has changed. */
  let isStale = false;

  return {
    refusals,
    add(transaction) {
      const place = refusals.length;
      const refusal = judged.refusals[place];
      refusals.push(refusal);
      if (refusal !== undefined) return;
      const { author, change } = transaction;
      switch (change.kind) {
        case 'revelation':
          entries.push(place);
          return;
        case 'writeKey':
          entries.push(place);
          isStale ||= namings.isByOthers(change.keyID, author, judgedCount);
          isStale ||= kindOf(authorRoles[place]) === 'member' && rules.hasWriteKey(change.member);
          return;
        case 'role':
          isStale ||= rules.isChanged(change.member);
          if (roleOfInvite(authorRoles[place]) === undefined) return;
          addToSet(addedBy, author, change.member);
          isStale ||= rules.hasRefused(author);
          return;
        case 'setting':
          if (change.key !== 'readKey' || typeof change.value !== 'string') return;
          isStale ||= namings.isByOthers(change.value, author, judgedCount);
          addSetting(change.value, { place, author, byAdmin: authorRoles[place] === 'admin' });
          return;
        case 'parent':
        case 'private':
        case 'malformed':
          return;
      }
    },
    settle() {
      const isAgain = isStale && judgedCount > 0;
      if (isStale) judgeAgain();
      if (judgeAdded()) return isAgain;
      judgeAgain();
      judgeAdded();
      return true;
    },
  };

  function judgeAdded(): boolean {
    const added = entries.slice(judgedCount);
    judgedCount = entries.length;
    return rules.judge(added, refusals);
  }

  function judgeAgain(): void {
    rules = createKeyRules(facts, judged);
    judgedCount = 0;
    isStale = false;
  }

  function addSetting(keyID: string, setting: Setting): void {
    const all = addToList(settings, keyID, setting);
    readKeyStarts.set(keyID, startOf(all) ?? setting);
    namings.add(keyID, setting.author, true);
  }
}

/** The setting that made a read key. If several people set the same one, an admin's wins over a manager's, and then the last. */
function startOf(settings: readonly Setting[]): KeyStart | undefined {
  const byAdmins = settings.filter(({ byAdmin }) => byAdmin);
  const best = byAdmins.length > 0 ? byAdmins : settings;
  const maker = best.at(-1)?.author;
  return best.find(({ author }) => author === maker);
}
