import type { RawAccountID, RawGroup } from 'cojson';
import type { KeySecret, TransactionID } from '../internal-types.ts';
import { getAvailableCoValue } from '../covalue-lookup.ts';
import { isAdministrator } from './roles.ts';
import { parentChangesOf, readKeysEncrypting, unsealFromSealer } from '../private-fields.ts';

type KeyID = Parameters<RawGroup['getReadKey']>[0];

interface Edit {
  readonly change: { readonly op: string; readonly value?: unknown };
  readonly txID: TransactionID;
}

/** The keys that the outermost search has looked for, by group. Two keys can each be encrypted with the other. */
let searched: Map<string, 'open' | 'failed'> | undefined;

/**
 * Finds a key of a group. cojson 0.20 tries only the last revelation, and throws if that is garbage. This tries all. Those by
 * the current administrators come first, because a removed member, or anyone with the same link, can reveal another secret.
 */
export function findReadKey(group: RawGroup, keyID: KeyID): KeySecret | undefined {
  const isOutermost = searched === undefined;
  searched ??= new Map();
  try {
    const search = `${group.id} ${keyID}`;
    if (searched.has(search)) return undefined;
    searched.set(search, 'open');
    const found = searchOnce(group, keyID);
    searched.set(search, 'failed');
    // Other keys may have failed only because they need this one.
    if (found) for (const [one, state] of searched) if (state === 'failed') searched.delete(one);
    return found;
  } finally {
    if (isOutermost) searched = undefined;
  }
}

function searchOnce(group: RawGroup, keyID: KeyID): KeySecret | undefined {
  const published = editsOf(group, `${keyID}_for_everyone`);
  const valueOf = ({ change }: Edit) => (isSecret(change.value) ? change.value : undefined);
  const direct = editsOf(group, `${keyID}_for_${readerOf(group)}`);
  const isTrusted = (edit: Edit) => isTrustedAuthor(group, authorOf(edit));
  return (
    firstOf(direct.filter(isTrusted), (edit) => unseal(group, edit)) ??
    firstOf(published.filter(isTrusted), valueOf) ??
    findEncrypted(group, group, keyID) ??
    findInParents(group, keyID) ??
    firstOf(direct, (edit) => unseal(group, edit)) ??
    firstOf(published, valueOf)
  );
}

function isSecret(value: unknown): value is KeySecret {
  return typeof value === 'string' && /^keySecret_z[1-9A-HJ-NP-Za-km-z]{32,44}$/.test(value);
}

/** A key that is encrypted with another one, of the group or of one above it. */
function findEncrypted(group: RawGroup, holder: RawGroup, keyID: KeyID): KeySecret | undefined {
  return firstOf(readKeysEncrypting(group, keyID), (encryptingID) => {
    const edits = editsOf(group, `${keyID}_for_${encryptingID}`);
    const secret = edits.length > 0 ? holder.core.getReadKey(encryptingID as KeyID) : undefined;
    if (!secret) return undefined;
    return firstOf(edits, ({ change }) => {
      const encrypted = (change as { readonly value?: unknown }).value as Parameters<
        typeof group.core.node.crypto.decryptKeySecret
      >[0]['encrypted'];
      const info = { encryptedID: keyID, encryptingID: encryptingID as KeyID, encrypted };
      return group.core.node.crypto.decryptKeySecret(info, secret);
    });
  });
}

function findInParents(group: RawGroup, keyID: KeyID): KeySecret | undefined {
  return firstOf([...parentChangesOf(group)], ([parentID]) => {
    const parent = getAvailableCoValue(group.core.node, parentID)?.getCurrentContent() as
      RawGroup | undefined;
    if (!parent) return undefined;
    return findEncrypted(group, parent, keyID) ?? unsealFromSealer(group, keyID, parent);
  });
}

function unseal(group: RawGroup, edit: Edit): KeySecret | undefined {
  const { node, id } = group.core;
  const { crypto } = node;
  const revealer = node.resolveAccountAgent(
    authorOf(edit) as RawAccountID,
    'Expected to know revealer',
  ).value;
  if (!revealer) return undefined;
  const { value } = edit.change as { readonly value?: Parameters<typeof crypto.unseal>[0] };
  if (value === undefined) return undefined;
  const secret = crypto.unseal(
    value,
    crypto.getAgentSealerSecret(node.agentSecret),
    crypto.getAgentSealerID(revealer),
    { in: id, tx: edit.txID },
  );
  return secret as KeySecret | undefined;
}

/** Accounts reveal their keys to their own agent. */
function readerOf({ core: { id, node } }: RawGroup): string {
  const [own = ''] = node.currentSessionID.split('_session_');
  return own === id ? node.crypto.getAgentID(node.agentSecret) : own;
}

function isTrustedAuthor(group: RawGroup, author: string): boolean {
  return author === readerOf(group) || isAdministrator(group.roleOfInternal(author as RawAccountID));
}

/** Newest first. */
function editsOf(group: RawGroup, field: string): readonly Edit[] {
  const ops = group.ops as Readonly<Record<string, readonly Edit[]>>;
  const edits = Object.hasOwn(ops, field) ? (ops[field] ?? []) : [];
  return edits.filter(({ change }) => change.op === 'set').toReversed();
}

function authorOf({ txID }: Edit): string {
  const [author = ''] = txID.sessionID.split('_session_');
  return author;
}

/** The first that is found. Garbage makes cryptography throw. */
function firstOf<T, U>(candidates: Iterable<T>, find: (candidate: T) => U | undefined): U | undefined {
  for (const candidate of candidates) {
    try {
      const found = find(candidate);
      if (found !== undefined) return found;
    } catch {
      // The next one may be better.
    }
  }
  return undefined;
}
