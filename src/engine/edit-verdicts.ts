import {
  RawGroup,
  type AvailableCoValueCore,
  type CoValueCore,
  type JsonValue,
  type SessionID,
} from 'cojson';
import type { NotCountedReason } from '../base/not-counted-reason.ts';
import { authorOf } from './content.ts';
import { isDeletion, mayDelete, restrictsDeletions } from './refusals/restricted-deletions.ts';
import {
  findCoValue,
  lastCheckedOf,
  openContentOf,
  readChecked,
  type CheckedTransaction,
} from './private-fields.ts';

/** A transaction that cojson stores and passes on, but does not count. */
export interface NotCountedEdit {
  readonly sessionID: string;
  readonly index: number;
  /** In ms since the Unix epoch, as its author dated it. */
  readonly madeAt: number;
  readonly reason: NotCountedReason;
  /** cojson's explanation. */
  readonly message: string;
}

/** An edit that does not count, with what it wanted: its author can read that, or make the edit again. */
export interface RecoverableEdit extends NotCountedEdit {
  /** As cojson has them: of a map, `{ op: 'set', key, value }` or `{ op: 'del', key }`. Empty if this device lacks the key. */
  readonly changes: readonly JsonValue[];
}

/** `notCounted` is undefined for a transaction that counts. */
export type Verdict = readonly [index: number, notCounted: NotCountedEdit | undefined];

/** How many of a session's transactions cojson has judged. It judges those of a CoValue whose content is open. */
export function judgedCount(core: CoValueCore, sessionID: string): number {
  const last = readChecked(lastCheckedOf(core, sessionID));
  return last ? last.index + 1 : 0;
}

/**
 * cojson's verdicts on a session's transactions, newest first. The keys that cojson reveals of itself in a group are left
 * out: some of them count nowhere, although the call that made them succeeds.
 */
export function* verdictsOf(core: CoValueCore, sessionID: string): Generator<Verdict, void> {
  let one = readChecked(lastCheckedOf(core, sessionID));
  for (; one; one = readChecked(one.previous))
    yield [one.index, notCountedIn(core, sessionID as SessionID, one)];
}

/** All of an account's edits of a CoValue that do not count, also those of other devices and earlier runs; oldest first. */
export function recoverableEditsIn(
  core: AvailableCoValueCore,
  accountID: string,
): readonly RecoverableEdit[] {
  const sessionIDs = Object.keys(core.knownState().sessions).filter((id) => authorOf(id) === accountID);
  const edits = sessionIDs.flatMap((sessionID) => {
    const ofSession = [...verdictsOf(core, sessionID)].flatMap(([, edit]) => edit ?? []);
    return ofSession.toReversed().map((edit) => ({ ...edit, changes: changesOf(core, edit) }));
  });
  return edits.toSorted((one, other) => one.madeAt - other.madeAt);
}

function changesOf(core: CoValueCore, { sessionID, index }: NotCountedEdit): readonly JsonValue[] {
  const tx = core.getTx({ sessionID: sessionID as SessionID, txIndex: index });
  if (tx?.privacy === 'trusting') return JSON.parse(tx.changes) as readonly JsonValue[];
  return decrypt(core, sessionID as SessionID, index, tx) as readonly JsonValue[];
}

function notCountedIn(
  core: CoValueCore,
  sessionID: SessionID,
  { index, isValid, refusal: message, changes }: CheckedTransaction,
): NotCountedEdit | undefined {
  if (isValid) return leftOutIn(core, sessionID, index, changes);
  // Without a message, cojson has not judged it.
  if (message === undefined) return undefined;
  const tx = core.getTx({ sessionID, txIndex: index });
  if (core.isGroupOrAccount() && revealsKey(changes ?? decrypt(core, sessionID, index, tx))) return undefined;
  const madeAt = tx?.madeAt ?? 0;
  return { sessionID, index, madeAt, reason: reasonOf(core, sessionID, message, madeAt), message };
}

/** A list leaves out a valid edit that deletes, if its author may not delete. */
function leftOutIn(
  core: CoValueCore,
  sessionID: SessionID,
  index: number,
  changes: readonly unknown[] = [],
): NotCountedEdit | undefined {
  if (!restrictsDeletions(core) || !isDeletion(changes)) return undefined;
  const madeAt = core.getTx({ sessionID, txIndex: index })?.madeAt ?? 0;
  if (mayDelete(roleAt(core, sessionID, madeAt))) return undefined;
  return { sessionID, index, madeAt, reason: 'no-access', message: 'Only managers and admins may delete' };
}

/** cojson makes each of these changes in a transaction of its own. */
function revealsKey(changes: readonly unknown[]): boolean {
  return changes.length === 1 && revelation.test(JSON.stringify(changes));
}

const revelation =
  /^\[{"op":"\w+","key":"(?:readKey"|groupSealer"|writeKeyFor_|key_z[^_"]+_(?:for|sealedFor)_)/;

/** cojson itself decrypts only what counts. Empty without the key. */
export function decrypt(
  core: CoValueCore,
  sessionID: SessionID,
  index: number,
  tx: ReturnType<CoValueCore['getTx']>,
): readonly unknown[] {
  const readKey = tx?.privacy === 'private' ? core.getReadKey(tx.keyUsed) : undefined;
  return (readKey && core.verified?.decryptTransaction(sessionID, index, readKey)) ?? [];
}

const lacksRight =
  /no write permissions|not found in group|^Only |^Admins can|^Managers can|invites? can only|^Group transaction must be made/i;
const isMalformed =
  /^Group transaction must|^Can't make private|^Everyone can|^Parent group is|^Child ext|^Malformed|^Signed for/;

function reasonOf(core: CoValueCore, sessionID: string, message: string, atMs: number): NotCountedReason {
  if (lacksRight.test(message)) {
    const wasMember = roleAt(core, sessionID, atMs) !== undefined;
    return wasMember ? 'no-access' : 'not-a-member-then';
  }
  return isMalformed.test(message) ? 'malformed' : 'other';
}

/** The role that a session's author had at this time, as the group is known now. */
function roleAt({ node, id, verified }: CoValueCore, sessionID: string, atMs: number): string | undefined {
  const ruleset = verified?.header.ruleset;
  const core = findCoValue(node, ruleset?.type === 'ownedByGroup' ? ruleset.group : id);
  const group = core && openContentOf(core);
  const author = authorOf(sessionID) as Parameters<RawGroup['roleOfInternal']>[0];
  return group instanceof RawGroup ? group.atTime(atMs).roleOfInternal(author) : undefined;
}

/** A change of an account's own role in a group, with its author’s date. `revoked`: the account was removed. */
export interface RoleChange {
  readonly role: string;
  readonly atMs: number;
}

/**
 * The changes of the role that a session's author has in the CoValue's group, oldest first. Empty if the group is not open, or
 * gives the role only by a parent group or to everyone. Apps without an inspector do not load it.
 */
export function roleChanges({ node, id, verified }: CoValueCore, sessionID: string): readonly RoleChange[] {
  const ruleset = verified?.header.ruleset;
  const core = findCoValue(node, ruleset?.type === 'ownedByGroup' ? ruleset.group : id);
  const group = core && openContentOf(core);
  if (!(group instanceof RawGroup)) return [];
  const author = authorOf(sessionID) as Parameters<RawGroup['editsAt']>[0];
  return [...group.editsAt(author)].flatMap(({ value, at }) =>
    typeof value === 'string' ? [{ role: value, atMs: at.getTime() }] : [],
  );
}
