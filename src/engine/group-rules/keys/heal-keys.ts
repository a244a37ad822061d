import type { RawAccountID, RawGroup } from 'cojson';
import { revealKey } from '../../private-methods.ts';
import type { MemberRole } from '../group-transaction.ts';
import { isAdministrator } from '../roles.ts';
import { countingRevelations } from '../group-in-memory.ts';
import { replaceLeakedKey } from './leaked-keys.ts';

type KeyID = Parameters<RawGroup['getReadKey']>[0];

/**
 * Gives a group what is missing of its keys, once it is complete: its sealer, the revelations to those who were absent when its
 * key was made, and a new key in place of one that has leaked.
 */
export function healKeys(group: RawGroup): void {
  if (!group.core.isGroup()) return;
  if (group.core.isCompletelyDownloaded()) {
    heal(group);
  } else {
    group.core.waitFor({
      predicate: (core) => core.isCompletelyDownloaded(),
      onSuccess: () => heal(group),
    });
  }
}

function heal(group: RawGroup): void {
  setSealer(group);
  revealToLate(group);
  // The groups above can be read only once cojson has opened this one.
  queueMicrotask(() => {
    replaceLeakedKey(group);
  });
}

/**
 * A group from before cojson had sealers gets the one that follows from its key, so that whoever is no member can extend it.
 * All administrators make the same one.
 */
function setSealer(group: RawGroup): void {
  const { node } = group.core;
  const readKey = group.get('readKey');
  if (!readKey || group.get('groupSealer') || !isOwnAdministrator(group)) return;
  const secret = group.getReadKey(readKey);
  if (!secret) return;
  const { publicKey } = node.crypto.groupSealerFromReadKey(secret);
  group.set('groupSealer', `${readKey}@${publicKey}`, 'trusting');
}

/**
 * Reveals the current keys to members and parents to whom this account could reveal none when it made the read key, because
 * they were absent or joined later by a link. Other holders of the link can reveal other secrets to them, but not over these. Of another administrator's key this does not know why somebody lacks it: a relay can withhold a removal.
 */
export function revealToLate(group: RawGroup): void {
  const { node } = group.core;
  const readKey = group.get('readKey');
  const madeBy = group.lastEditAt('readKey')?.by;
  if (!readKey || madeBy !== node.getCurrentAccountOrAgentID() || !isOwnAdministrator(group)) return;
  const revelations = countingRevelations(group.core, readKey);
  const authors = new Set(revelations.map(({ author }) => author));
  const trusted = new Set([...authors].filter((author) => mayReveal(group.get(author as RawAccountID))));
  const knownTo = new Set(revelations.flatMap(({ to, author }) => (trusted.has(author) ? to : [])));
  // An agent is never absent. Reading the current values of all keys would take longer.
  const members = (Object.keys(group.ops) as RawAccountID[]).filter(
    (key) => key.startsWith('co_') && !knownTo.has(key) && canRead(group, key),
  );
  if (members.length === 0) return;
  const keys = new Set([readKey, ...writeKeysOf(group)]);
  for (const keyID of keys) {
    const secret = group.getReadKey(keyID);
    for (const member of secret ? members : []) revealKey(group, member, keyID, secret);
  }
}

function mayReveal(role: MemberRole | undefined): boolean {
  return role === undefined || isAdministrator(role);
}

/** Not by a parent's role: when a group opens, its parents are not read yet. */
function isOwnAdministrator(group: RawGroup): boolean {
  return isAdministrator(group.get(group.core.node.getCurrentAccountOrAgentID()));
}

function canRead(group: RawGroup, member: RawAccountID): boolean {
  const role = group.get(member);
  return isAdministrator(role) || role === 'writer' || role === 'reader';
}

function writeKeysOf(group: RawGroup): readonly KeyID[] {
  return group.keys().flatMap((key) => (key.startsWith('writeKeyFor_') ? (group.get(key) as KeyID) : []));
}
