import { addToList, addToSet, emptyList, isInSet } from '../../reading/lists.ts';
import type { GroupTransaction, Refusal } from '../group-transaction.ts';
import type { KeyStart } from './key-claims.ts';
import { createKeyNamings, type KeyNamings } from './key-namings.ts';
import { kindOf, KeyRules, type KeyFacts } from './keys.ts';
import type { JudgedWithHeads } from '../revocation-heads.ts';
import { roleOfInvite } from '../roles.ts';

interface Setting extends KeyStart {
  readonly byAdmin: boolean;
}

/** Applies the rules of keys as transactions come. They are judged by what later ones say, too, so these can begin it again. */
export class KeyJudge implements KeyFacts {
  /** For all transactions, including those that are not about keys. `settle` judges those about keys. */
  readonly refusals = emptyList<Refusal>();
  /** The places of the transactions about keys. */
  private readonly entries: number[] = [];
  private readonly settings = new Map<string, Setting[]>();
  private readonly readKeyStarts = new Map<string, KeyStart>();
  private readonly addedBy = new Map<string, Set<string>>();
  private readonly namings: KeyNamings;
  private rules: KeyRules;
  private judgedCount = 0;
  /** Whether what was judged rests on something that has changed. */
  private isStale = false;

  constructor(private readonly judged: JudgedWithHeads) {
    this.namings = createKeyNamings(this.entries, judged);
    this.rules = new KeyRules(this, judged);
  }

  /** Takes the next transaction, whose roles are already judged. */
  add({ author, change }: GroupTransaction): void {
    const place = this.refusals.length;
    const refusal = this.judged.refusals[place];
    this.refusals.push(refusal);
    if (refusal !== undefined) return;
    switch (change.kind) {
      case 'revelation':
        this.entries.push(place);
        return;
      case 'writeKey':
        this.entries.push(place);
        this.isStale ||= this.namings.isByOthers(change.keyID, author, this.judgedCount);
        this.isStale ||=
          kindOf(this.judged.authorRoles[place]) === 'member' && this.rules.hasWriteKey(change.member);
        return;
      case 'role':
        this.isStale ||= this.rules.isChanged(change.member);
        if (roleOfInvite(this.judged.authorRoles[place]) === undefined) return;
        addToSet(this.addedBy, author, change.member);
        this.isStale ||= this.rules.hasRefused(author);
        return;
      case 'setting':
        if (change.key !== 'readKey' || typeof change.value !== 'string') return;
        this.isStale ||= this.namings.isByOthers(change.value, author, this.judgedCount);
        this.addSetting(change.value, {
          place,
          author,
          byAdmin: this.judged.authorRoles[place] === 'admin',
        });
        return;
      case 'parent':
      case 'private':
      case 'malformed':
        return;
    }
  }

  /** Judges the transactions added since the last call. Returns whether it also judged earlier ones again. */
  settle(): boolean {
    const isAgain = this.isStale && this.judgedCount > 0;
    if (this.isStale) this.judgeAgain();
    if (this.judgeAdded()) return isAgain;
    this.judgeAgain();
    this.judgeAdded();
    return true;
  }

  isReadKey(keyID: string): boolean {
    return this.readKeyStarts.has(keyID);
  }

  readKeyStart(keyID: string): KeyStart | undefined {
    return this.readKeyStarts.get(keyID);
  }

  isAddedBy(invite: string, member: string): boolean {
    return isInSet(this.addedBy, invite, member);
  }

  private judgeAdded(): boolean {
    const added = this.entries.slice(this.judgedCount);
    this.judgedCount = this.entries.length;
    return this.rules.judge(added, this.refusals);
  }

  private judgeAgain(): void {
    this.rules = new KeyRules(this, this.judged);
    this.judgedCount = 0;
    this.isStale = false;
  }

  private addSetting(keyID: string, setting: Setting): void {
    const all = addToList(this.settings, keyID, setting);
    this.readKeyStarts.set(keyID, startOf(all) ?? setting);
    this.namings.add(keyID, setting.author, true);
  }
}

/** The setting that made a read key. If several people set the same one, an admin's wins over a manager's, and then the last. */
function startOf(settings: readonly Setting[]): KeyStart | undefined {
  const byAdmins = settings.filter(({ byAdmin }) => byAdmin);
  const best = byAdmins.length > 0 ? byAdmins : settings;
  const maker = best.at(-1)?.author;
  return best.find(({ author }) => author === maker);
}
