import type { RawAccountID, RawGroup } from 'cojson';
import type { KeySecret, TransactionID } from '../../internal-types.ts';
import { authorOf } from '../../content.ts';
import { getAvailableCoValue } from '../../covalue-lookup.ts';
import { hasKeyLength } from '../read-change.ts';
import { isAdministrator } from '../roles.ts';
import { parentChangesOf, readKeysEncrypting } from '../../private-fields.ts';
import { firstOf, searchKey, type KeyID, type KeySearch } from './key-search.ts';

/** A key as one transaction reveals it. */
export interface Revelation {
  readonly value?: unknown;
  readonly txID: TransactionID;
}

/**
 * Finds a key of a group. cojson 0.20 tries only the last revelation, and throws if that is garbage. This tries the newest few
 * of each author. Those by the current administrators come first, because a removed member, or anyone with the same link, can
 * reveal another secret.
 */
export function findReadKey(group: RawGroup, keyID: KeyID): KeySecret | undefined {
  return searchKey(group, keyID, (search) => searchOnce(group, keyID, search));
}

function searchOnce(group: RawGroup, keyID: KeyID, search: KeySearch): KeySecret | undefined {
  const published = revelationsOf(group, `${keyID}_for_everyone`);
  const direct = revelationsOf(group, `${keyID}_for_${readerOf(group)}`);
  const isTrusted = ({ txID }: Revelation) => isTrustedAuthor(group, authorOf(txID.sessionID));
  const isOther = (one: Revelation) => !isTrusted(one);
  const ifRight = secretCheck(group, keyID);
  const unsealed = (one: Revelation) => ifRight(unseal(group, one));
  const read = (one: Revelation) => ifRight(publishedIn(one));
  const encrypted = (isTried: typeof isTrusted) => {
    const tries = { isTried, ifRight, isTrusted: isTried === isTrusted, search };
    return findEncrypted(group, group, keyID, tries) ?? findInParents(group, keyID, tries);
  };
  return (
    firstOf(direct.filter(isTrusted), unsealed) ??
    firstOf(published.filter(isTrusted), read) ??
    encrypted(isTrusted) ??
    encrypted(isOther) ??
    firstOf(direct, unsealed) ??
    firstOf(published, read)
  );
}

type SecretCheck = (secret: KeySecret | undefined) => KeySecret | undefined;

/** Which revelations by other keys to try. */
interface Tries {
  readonly isTried: (one: Revelation) => boolean;
  readonly isTrusted: boolean;
  readonly ifRight: SecretCheck;
  readonly search: KeySearch;
}

/**
 * Returns only a secret from which the sealer follows that was set with a read key: otherwise whoever shares a link could
 * reveal another one to who joined by it. A sealer by another author could hide the right secret, so it does not count, and
 * nothing is checked if one of those who set the key set no sealer.
 */
function secretCheck(group: RawGroup, keyID: KeyID): SecretCheck {
  const sealers = editsOf(group, 'groupSealer').flatMap(({ value, txID }) => {
    const [id, sealer] = String(value).split('@');
    return id === keyID && sealer !== undefined ? { sealer, author: authorOf(txID.sessionID) } : [];
  });
  const makers = editsOf(group, 'readKey').flatMap(({ value, txID }) =>
    value === keyID ? authorOf(txID.sessionID) : [],
  );
  // A manager can set the same key and sealer thousands of times.
  const right = [...new Set(makers)].map((maker) =>
    sealers.flatMap(({ sealer, author }) => (author === maker ? sealer : [])),
  );
  if (right.length === 0 || right.some((ofMaker) => ofMaker.length === 0)) return (secret) => secret;
  const all = new Set<string>(right.flat());
  const { crypto } = group.core.node;
  return (secret) =>
    secret && all.has(crypto.groupSealerFromReadKey(secret).publicKey) ? secret : undefined;
}

export function publishedIn({ value }: Revelation): KeySecret | undefined {
  return secretIn(value);
}

/** Anyone can encrypt anything. What is no secret would break WASM, hide a good one, and keep the key from being replaced. */
function secretIn(value: unknown): KeySecret | undefined {
  const [, key] =
    (typeof value === 'string' && /^keySecret_z([1-9A-HJ-NP-Za-km-z]{32,44})$/.exec(value)) || [];
  return key !== undefined && hasKeyLength(key) ? (value as KeySecret) : undefined;
}

/** A key that is encrypted with another one, of the group or of one above it. */
function findEncrypted(
  group: RawGroup,
  holder: RawGroup,
  keyID: KeyID,
  { isTried, ifRight, isTrusted, search }: Tries,
): KeySecret | undefined {
  return firstOf(readKeysEncrypting(group, keyID), (id) => {
    const encryptingID = id as KeyID;
    const revelations = revelationsOf(group, `${keyID}_for_${encryptingID}`).filter(isTried);
    if (revelations.length === 0) return undefined;
    const open = (secret: KeySecret) =>
      firstOf(revelations, (one) => ifRight(decryptKey(group, keyID, one, { id: encryptingID, secret })));
    const secret = holder.core.getReadKey(encryptingID);
    if (secret) return open(secret);
    search.openLater(holder, encryptingID, { group, keyID, isTrusted, open });
    return undefined;
  });
}

export function decryptKey(
  { core: { node } }: RawGroup,
  keyID: KeyID,
  { value }: Revelation,
  encrypting: { readonly id: KeyID; readonly secret: KeySecret },
): KeySecret | undefined {
  const encrypted = value as Parameters<typeof node.crypto.decryptKeySecret>[0]['encrypted'];
  const info = { encryptedID: keyID, encryptingID: encrypting.id, encrypted };
  return secretIn(node.crypto.decryptKeySecret(info, encrypting.secret));
}

function findInParents(group: RawGroup, keyID: KeyID, tries: Tries): KeySecret | undefined {
  return firstOf(
    groupsEverAbove(group),
    (parent) => findEncrypted(group, parent, keyID, tries) ?? findSealed(group, parent, keyID, tries),
  );
}

/** A key that was encrypted to a sealer of a group above. */
function findSealed(
  group: RawGroup,
  parent: RawGroup,
  keyID: KeyID,
  { isTried, ifRight, isTrusted, search }: Tries,
): KeySecret | undefined {
  const { crypto } = group.core.node;
  const sealers = new Set(editsOf(parent, 'groupSealer').map(({ value }) => String(value)));
  return firstOf(sealers, (sealerOfKey) => {
    const [parentKeyID, sealer] = sealerOfKey.split('@');
    const revelations = revelationsOf(group, `${keyID}_sealedFor_${sealer ?? ''}`).filter(isTried);
    if (revelations.length === 0) return undefined;
    const open = (secret: KeySecret) => {
      const { secret: opening } = crypto.groupSealerFromReadKey(secret);
      return firstOf(revelations, ({ value, txID: tx }) => {
        const sealed = value as Parameters<typeof crypto.unsealForGroup>[0];
        return ifRight(secretIn(crypto.unsealForGroup(sealed, opening, { in: group.id, tx })));
      });
    };
    const secret = parent.getReadKey(parentKeyID as KeyID);
    if (secret) return open(secret);
    search.openLater(parent, parentKeyID as KeyID, { group, keyID, isTrusted, open });
    return undefined;
  });
}

/** Those that are here, also if the group does not extend them any more. */
export function* groupsEverAbove(group: RawGroup): Iterable<RawGroup> {
  for (const [id] of parentChangesOf(group)) {
    const core = getAvailableCoValue(group.core.node, id);
    if (core) yield core.getCurrentContent() as RawGroup;
  }
}

let unknownRevealers = 0;

/** How often a key could not be read because the account of who reveals it has left the memory. It can come back. */
export function countUnknownRevealers(): number {
  return unknownRevealers;
}

export function unseal(group: RawGroup, { value, txID }: Revelation): KeySecret | undefined {
  const { node, id } = group.core;
  const { crypto } = node;
  const revealer = node.resolveAccountAgent(
    authorOf(txID.sessionID) as RawAccountID,
    'Expected to know revealer',
  ).value;
  if (!revealer) unknownRevealers++;
  if (!revealer || value === undefined) return undefined;
  const secret = crypto.unseal(
    value as Parameters<typeof crypto.unseal>[0],
    crypto.getAgentSealerSecret(node.agentSecret),
    crypto.getAgentSealerID(revealer),
    { in: id, tx: txID },
  );
  return secretIn(secret);
}

/** Accounts reveal their keys to their own agent. */
export function readerOf({ core: { id, node } }: RawGroup): string {
  const own = authorOf(node.currentSessionID);
  return own === id ? node.crypto.getAgentID(node.agentSecret) : own;
}

function isTrustedAuthor(group: RawGroup, author: string): boolean {
  return author === readerOf(group) || isAdministrator(group.roleOfInternal(author as RawAccountID));
}

/** Of one author to one receiver. An honest author reveals one secret, however often. */
export const mostTried = 3;

function revelationsOf(group: RawGroup, field: string): readonly Revelation[] {
  const triedOf = new Map<string, number>();
  return editsOf(group, field).filter(({ txID }) => {
    const author = authorOf(txID.sessionID);
    const tried = triedOf.get(author) ?? 0;
    triedOf.set(author, tried + 1);
    return tried < mostTried;
  });
}

/** What was set in a field. Newest first. */
function editsOf(group: RawGroup, field: string): readonly Revelation[] {
  const ops = group.ops as Readonly<
    Record<
      string,
      readonly {
        readonly change: { readonly op: string; readonly value?: unknown };
        readonly txID: TransactionID;
      }[]
    >
  >;
  const edits = Object.hasOwn(ops, field) ? (ops[field] ?? []) : [];
  return edits
    .flatMap(({ change: { op, value }, txID }) => (op === 'set' ? { value, txID } : []))
    .toReversed();
}
