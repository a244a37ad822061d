/** A rule that is left out, or part of it: `from` becomes `to`. Files are in `src`. */
export interface Plant {
  readonly name: string;
  readonly file: string;
  readonly from: string;
  readonly to: string;
  /** What the moves then achieve. */
  readonly breach: RegExp;
  /** The first seed that finds it. Without one, it has not been searched for with the moves as they are drawn now. */
  readonly seed?: number;
}

const reading = 'engine/reading/';
const rules = 'engine/group-rules/';

export const plants: readonly Plant[] = [
  {
    name: 'a map reads any change',
    file: `${reading}change-shapes.ts`,
    from: 'if (!all.every(isMapChange)) return undefined;',
    to: '',
    breach: /^throws/,
    seed: 15,
  },
  {
    name: 'a map has the keys of every object',
    file: `${reading}change-shapes.ts`,
    from: 'return !(key in Object.prototype);',
    to: 'return key.length >= 0;',
    breach: /^throws|^differs/,
    seed: 1,
  },
  {
    name: 'a list reads any change',
    file: `${reading}change-shapes.ts`,
    from: '  colist: isListChange,\n',
    to: '',
    breach: /^throws/,
    seed: 17,
  },
  {
    name: 'a meta can be of any shape',
    file: `${reading}meta-shapes.ts`,
    from: 'if (malformed.length === 0) return all;',
    to: 'return all;',
    breach: /./,
    seed: 4,
  },
  {
    name: 'an edit can have another name',
    file: `${reading}merge-claims.ts`,
    from: 'if (isOwn || isAnchor',
    to: 'if (!isOwn || isAnchor',
    breach: /^name/,
    seed: 6,
  },
  {
    name: 'a reader names a branch beside changes',
    file: `${reading}patch-reading.ts`,
    from: 'withoutPointer(meta) : meta',
    to: 'meta : meta',
    breach: /^differs|^write/,
    seed: 68,
  },
  {
    name: 'what was signed for another place is taken and read',
    file: 'engine/session-place.ts',
    from: 'if (isPlace(at)) return at !== placeOf(coValueID, sessionID);',
    to: 'if (isPlace(at)) return false;',
    breach: /./,
    seed: 1,
  },
  {
    name: 'a deletion without its group throws',
    file: 'engine/fixes/empty-groups.ts',
    from: "const isOwned = ruleset?.type === 'ownedByGroup';",
    to: "const isOwned = ruleset?.type === 'ownedByGroup' && Date.now() === 0;",
    breach: /^throws/,
    seed: 2,
  },
  {
    name: 'an invite gives any role',
    file: `${rules}roles.ts`,
    from: 'return given === invitesTo && isRaised',
    to: 'return isRaised',
    breach: /^role/,
    seed: 34,
  },
  {
    name: 'an invite lowers members',
    file: `${rules}roles.ts`,
    from: 'raises(before, invitesTo);',
    to: 'before !== invitesTo;',
    breach: /^role|^edit|^lost/,
    seed: 30,
  },
  {
    name: 'the revoked and strangers give roles',
    file: `${rules}roles.ts`,
    from: "if (!isAdministrator(role)) return 'Group transaction must be made",
    to: "if (role === 'reader') return 'Group transaction must be made",
    breach: /^role|^edit|^lost|^deleted|^secret/,
    seed: 4,
  },
  {
    name: 'anyone sets the read key',
    file: `${rules}roles.ts`,
    from: 'return isAdministrator(role) ? undefined : `Only admins and managers can set',
    to: 'return role ? undefined : `Only admins and managers can set',
    breach: /./,
    seed: 12,
  },
  {
    name: 'the removed add members by an earlier date',
    file: `${rules}revocation-heads.ts`,
    from: "if (kind === 'heads') return changes.slice(0, count).filter(isUnseen);",
    to: "if (kind === 'heads') return [];",
    breach: /^role/,
    seed: 6,
  },
  {
    name: 'anyone reveals keys',
    file: `${rules}keys/keys.ts`,
    from: 'if (to === everyone || this.isOfAdministrator(field)) return false;',
    to: 'if (place >= 0) return true;',
    breach: /./,
    seed: 39,
  },
  {
    name: 'a removal replaces no key',
    file: `${rules}remove-member.ts`,
    from: 'if (canReplaceKey && !isOwn) group.rotateReadKey(member);',
    to: '',
    breach: /^secret/,
    seed: 24,
  },
  {
    name: 'a group waits for whoever does not exist',
    file: `${rules}absent-dependencies.ts`,
    from: 'if (!isAnswered) late.add(id);',
    to: 'if (!isAnswered) return;',
    breach: /^throws|^differs/,
    seed: 10,
  },
];
