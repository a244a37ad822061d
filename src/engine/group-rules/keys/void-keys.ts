import type { CoValueCore, RawGroup } from 'cojson';
import { addToList } from '../../reading/lists.ts';
import type { KeySecret } from '../../internal-types.ts';
import { judgeInMemory } from '../group-in-memory.ts';
import { everyone } from '../group-transaction.ts';
import type { JudgedGroup } from '../judge-group.ts';
import { transactionsOf } from '../read-transactions.ts';
import { isAdministrator } from '../roles.ts';
import {
  decryptKey,
  groupsEverAbove,
  mostTried,
  publishedIn,
  readerOf,
  unseal,
  type Revelation,
} from './find-read-key.ts';
import { firstOf, type KeyID } from './key-search.ts';

// GROUP-10: a key can be void although edits that count were written with it. An admin replaced the group's key before they
// learned that they had been removed, and others used the new key meanwhile. Stock clients also accept keys that kernels do not.

interface AnyRevelation extends Revelation {
  /** A member, `everyone` or another key. */
  readonly to: string;
}

/** By key, as of so many transactions. */
interface Revelations {
  readonly count: number;
  readonly byKey: ReadonlyMap<string, readonly AnyRevelation[]>;
  /** What was found by them: each edit asks for its key. */
  readonly secrets: Map<KeyID, KeySecret>;
}

const known = new WeakMap<JudgedGroup, Revelations>();
/** What the outermost search has looked for, by group and key. Two keys can each be encrypted with the other. */
let searched: Map<string, { readonly group: RawGroup; readonly keyID: KeyID }> | undefined;
let foundCount = 0;

/**
 * Finds a key by any revelation of an administrator, and by any revelation of a member's own key. Use it only to read, never to
 * write or to reveal. Revelations of other members are ignored: they could show an edit to some and hide it from others.
 *
 * `onLacking` is called for all keys that are known not to be here after the search.
 */
export function findVoidKey(
  group: RawGroup,
  keyID: KeyID,
  onLacking?: (group: RawGroup, keyID: KeyID) => void,
): KeySecret | undefined {
  const isOutermost = searched === undefined;
  const looked = (searched ??= new Map<string, { readonly group: RawGroup; readonly keyID: KeyID }>());
  const foundBefore = foundCount;
  try {
    const { byKey, secrets } = revelationsOf(group.core);
    const search = `${group.id} ${keyID}`;
    if (secrets.has(keyID) || looked.has(search)) return secrets.get(keyID);
    looked.set(search, { group, keyID });
    const found = searchOnce(group, keyID, byKey.get(keyID) ?? []);
    if (found) {
      secrets.set(keyID, found);
      foundCount++;
    }
    // Otherwise some may have failed only because they need what was found later.
    if (isOutermost && foundCount === foundBefore)
      for (const one of looked.values()) onLacking?.(one.group, one.keyID);
    return found;
  } finally {
    if (isOutermost) searched = undefined;
  }
}

function searchOnce(
  group: RawGroup,
  keyID: KeyID,
  revelations: readonly AnyRevelation[],
): KeySecret | undefined {
  const reader = readerOf(group);
  return firstOf(revelations, (one) => {
    if (one.to === reader) return unseal(group, one);
    if (one.to === everyone) return publishedIn(one);
    if (!one.to.startsWith('key_')) return undefined;
    const id = one.to as KeyID;
    return firstOf([group, ...groupsEverAbove(group)], (holder) => {
      const secret = holder.getReadKey(id) ?? findVoidKey(holder, id);
      return secret && decryptKey(group, keyID, one, { id, secret });
    });
  });
}

function revelationsOf(core: CoValueCore): Revelations {
  const judged = judgeInMemory(core);
  const count = judged.refusals.length;
  let revelations = known.get(judged);
  if (revelations?.count !== count) {
    revelations = { count, byKey: readAll(core, judged), secrets: new Map() };
    known.set(judged, revelations);
  }
  return revelations;
}

function readAll(core: CoValueCore, judged: JudgedGroup): Revelations['byKey'] {
  const transactions = transactionsOf(core);
  const administrators = new Set<string>();
  const members = new Set<string>();
  const ownKeys = new Set<string>();
  transactions.forEach(({ author, change }, place) => {
    const role = judged.authorRoles[place];
    if (role !== undefined) members.add(author);
    if (isAdministrator(role)) administrators.add(author);
    const isGiven = change.kind === 'role' && isAdministrator(change.role);
    if (isGiven && judged.refusals[place] === undefined) administrators.add(change.member);
    if (change.kind === 'writeKey' && change.member === author) ownKeys.add(`${author} ${change.keyID}`);
  });
  const roleNow = (author: string) => judged.roles.roleAt(author, Infinity);
  const isTrusted = (author: string) => administrators.has(author) || isAdministrator(roleNow(author));
  // A read key is no member's own: anyone could name it.
  const readKeys = new Set(
    transactions.flatMap(({ author, change }) =>
      change.kind === 'setting' && change.key === 'readKey' && isTrusted(author) ? [change.value] : [],
    ),
  );
  const isOwnKey = (author: string, keyID: string) =>
    ownKeys.has(`${author} ${keyID}`) &&
    !readKeys.has(keyID) &&
    (members.has(author) || roleNow(author) !== undefined);
  const triedOf = new Map<string, number>();
  const byKey = new Map<string, AnyRevelation[]>();
  transactions.forEach(({ author, change }, place) => {
    if (change.kind !== 'revelation') return;
    const isCounting = judged.refusals[place] === undefined;
    if (!isCounting && !isTrusted(author) && !isOwnKey(author, change.keyID)) return;
    const field = `${author} ${change.field}`;
    const tried = triedOf.get(field) ?? 0;
    if (tried >= mostTried) return;
    triedOf.set(field, tried + 1);
    const { changes, currentTxID: txID } = core.verifiedTransactions[place] ?? {};
    if (!changes || !txID) return;
    const { value } = changes[0] as { readonly value?: unknown };
    addToList(byKey, change.keyID, { to: change.to, value, txID });
  });
  return byKey;
}
