import { RawGroup, type CoValueCore, type RawAccountID } from 'cojson';
import { isCompleteGroup } from '../../covalue-access.ts';
import { openContentOf } from '../../private-fields.ts';
import { currentKeyOf, isRevealable } from './parent-revelations.ts';
import { countingRevelations, judgeInMemory, lacksParents } from '../group-in-memory.ts';
import { everyone } from '../group-transaction.ts';
import type { JudgedGroup } from '../judge-group.ts';
import { isAdministrator } from '../roles.ts';

// GROUP-9: keys that someone has who may not read any more, because a key's maker did not know of the removal. Two admins remove a
// member each while they are apart, or a relay withholds a removal from one of them.

type KeyID = Parameters<RawGroup['getReadKey']>[0];

const replacing = new WeakSet<CoValueCore>();

/** Replaces a group's read key, and no other key of the group meanwhile. */
export function whileReplacing(core: CoValueCore, replace: () => void): void {
  const isOutermost = !replacing.has(core);
  replacing.add(core);
  try {
    replace();
  } finally {
    if (isOutermost) replacing.delete(core);
  }
}

/**
 * Replaces a group's read key if it has leaked, and before that those of the groups above, because each of them opens it. Does
 * nothing if this account cannot replace a key, or cannot reveal the new one to the groups above.
 */
export function replaceLeakedKey(group: RawGroup, found = new Set<CoValueCore>()): void {
  if (replacing.has(group.core) || found.has(group.core)) return;
  found.add(group.core);
  for (const parent of group.getParentGroups()) replaceLeakedKey(parent, found);
  replaceOwnKey(group);
}

/** The key that could not be replaced: each attempt reveals a key to each member. */
const kept = new WeakMap<CoValueCore, KeyID | undefined>();

function replaceOwnKey(group: RawGroup): void {
  const { core } = group;
  const keyID = group.get('readKey');
  if (kept.get(core) === keyID || !isAdministrator(group.myRole())) return;
  const receiver = readKeyLeakedTo(group);
  if (receiver === undefined || lacksParents(core)) return;
  // A member who gets their role back later may lack a key; but a relay can keep a group incomplete for ever.
  if (!isCompleteGroup(core) && !isEnded(group, receiver)) return;
  if (!group.getParentGroups().every(isRevealable)) return;
  try {
    group.rotateReadKey();
  } catch {
    // Members can hold anything.
  }
  if (group.get('readKey') === keyID) kept.set(core, keyID);
}

/** Whether the group has removed the receiver, or a group above has replaced its key or sealer: whatever is missing, it was right. */
function isEnded(group: RawGroup, receiver: string): boolean {
  const keysOf = (parent: RawGroup) => [...parent.editsAt('readKey')].map(({ value }) => value);
  const sealersOf = (parent: RawGroup) =>
    [...parent.editsAt('groupSealer')].map(({ value }) => sealerIn(value));
  return (
    group.get(receiver as RawAccountID) === 'revoked' ||
    group.getParentGroups().some((parent) => [...keysOf(parent), ...sealersOf(parent)].includes(receiver))
  );
}

/** The key that stays although this account has replaced it, because another manager has set it at a date far ahead. */
const staying = new WeakMap<CoValueCore, KeyID>();

/** Replaces the key of a complete group if this account is an administrator and lacks it: they could write nothing otherwise. */
export function replaceLackedKey(group: RawGroup): void {
  const { core } = group;
  if (replacing.has(core) || !isAdministrator(group.myRole()) || currentKeyOf(group)) return;
  const keyID = group.get('readKey');
  if (!keyID || staying.get(core) === keyID || !isCompleteGroup(core)) return;
  group.rotateReadKey();
  if (group.get('readKey') === keyID) staying.set(core, keyID);
}

const scheduled = new WeakSet<CoValueCore>();

/**
 * Does the same once what has just arrived is handled, if it shows that others have not known of a removal by this session.
 * Other administrators replace the key when they open the group or write into it, so that not all of them do.
 */
export function replaceOvertakenKey(core: CoValueCore): void {
  const isOwn = (core.verified?.getTransactionsCount(core.node.currentSessionID) ?? 0) > 0;
  if (!isOwn || scheduled.has(core)) return;
  scheduled.add(core);
  queueMicrotask(() => {
    scheduled.delete(core);
    const group = openContentOf(core) as RawGroup | undefined;
    if (!(group instanceof RawGroup) || !isAdministrator(group.myRole())) return;
    const receiver = readKeyLeakedTo(group) as RawAccountID | undefined;
    const removal = receiver && group.lastEditAt(receiver);
    if (removal?.tx.sessionID === core.node.currentSessionID) replaceLeakedKey(group);
  });
}

function readKeyLeakedTo(group: RawGroup): string | undefined {
  const keyID = group.get('readKey');
  return keyID && leakedTo(group, keyID);
}

/** By key, as of so many transactions. */
interface Receivers {
  readonly count: number;
  readonly byKey: Map<KeyID, string | undefined>;
}

const known = new WeakMap<JudgedGroup, Receivers>();

/**
 * Returns who has a key of this group and may not read it: a member, a key, or a group's sealer. The owner of a write key may
 * have it. This is asked for each edit in the group.
 */
export function leakedTo(group: RawGroup, keyID: KeyID, owner?: RawAccountID): string | undefined {
  const judged = judgeInMemory(group.core);
  const count = judged.refusals.length;
  let receivers = known.get(judged);
  if (receivers?.count !== count) known.set(judged, (receivers = { count, byKey: new Map() }));
  if (!receivers.byKey.has(keyID)) receivers.byKey.set(keyID, findReceiver(group, keyID, owner));
  return receivers.byKey.get(keyID);
}

function findReceiver(group: RawGroup, keyID: KeyID, owner?: RawAccountID): string | undefined {
  if (canRead(group.get(everyone))) return undefined;
  const parents = group.getParentGroups();
  const keysAbove = new Set<unknown>(
    parents.flatMap((parent) => [parent.get('readKey'), owner && parent.get(`writeKeyFor_${owner}`)]),
  );
  const sealersAbove = new Set(parents.map((parent) => sealerIn(parent.get('groupSealer'))));
  const mayHave = (member: RawAccountID) =>
    member === owner || canRead(group.get(member)) || canRead(group.roleOfInternal(member));
  const receivers = countingRevelations(group.core, keyID).map(({ to }) => to);
  // The maker of a key has it, and does not reveal it to themselves if they make it to leave.
  const maker = group.lastEditAt('readKey');
  if (maker && group.get('readKey') === keyID) receivers.push(maker.by);
  return receivers.find(
    (receiver) =>
      !keysAbove.has(receiver) && !sealersAbove.has(receiver) && !mayHave(receiver as RawAccountID),
  );
}

export function canRead(role: string | undefined): boolean {
  return role !== undefined && role !== 'revoked' && !role.startsWith('writeOnly');
}

/** cojson puts the ID of the key that it follows from before it. */
function sealerIn(value: unknown): string | undefined {
  return typeof value === 'string' ? value.slice(value.indexOf('@') + 1) : undefined;
}
