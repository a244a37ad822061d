import { addToSet, isInSet } from '../../reading/lists.ts';

/** A transaction that names a member's write key, and whose author may do so. */
export interface Claim {
  readonly place: number;
  readonly author: string;
  readonly by: 'administrator' | 'invite' | 'member';
  readonly member: string;
  readonly keyID: string;
}

/** The place at which a key begins. */
export interface KeyStart {
  readonly place: number;
  readonly author: string;
}

/** All claims so far. Also one that does not count keeps its key's revelations, so that earlier edits stay readable. */
export interface KeyClaims {
  /** In order of dates. Returns those that count. */
  add(claims: readonly Claim[]): readonly Claim[];
  isKeyOf(member: string, keyID: string): boolean;
  isOwnKey(member: string, keyID: string): boolean;
  isNamedBy(author: string, keyID: string): boolean;
  /** Whether a claim for this member counts. */
  isServed(member: string): boolean;
  /** The first claim that counts. */
  startOf(keyID: string): KeyStart | undefined;
}

/**
 * A member's own key beats what an invite chose for them, because others may hold the same link. Administrators may always
 * choose, and a removed one may have chosen before, so the own key counts beside theirs.
 */
export function createKeyClaims(): KeyClaims {
  const keysOf = new Map<string, Set<string>>();
  const ownKeys = new Map<string, Set<string>>();
  const keysNamedBy = new Map<string, Set<string>>();
  const served = new Set<string>();
  const starts = new Map<string, KeyStart>();

  return {
    add(claims) {
      for (const { author, by, member, keyID } of claims) {
        addToSet(keysOf, member, keyID);
        addToSet(keysNamedBy, author, keyID);
        if (by === 'member') addToSet(ownKeys, member, keyID);
      }
      return claims.filter(({ by, member, keyID, place, author }) => {
        if (by === 'invite' && (served.has(member) || ownKeys.has(member))) return false;
        served.add(member);
        if (!starts.has(keyID)) starts.set(keyID, { place, author });
        return true;
      });
    },
    isKeyOf: (member, keyID) => isInSet(keysOf, member, keyID),
    isOwnKey: (member, keyID) => isInSet(ownKeys, member, keyID),
    isNamedBy: (author, keyID) => isInSet(keysNamedBy, author, keyID),
    isServed: (member) => served.has(member),
    startOf: (keyID) => starts.get(keyID),
  };
}
