import type { RawGroup } from 'cojson';
import type { KeySecret } from '../../internal-types.ts';

export type KeyID = Parameters<RawGroup['getReadKey']>[0];

/** The revelations of a key that are encrypted with one other key. */
interface Opening {
  readonly group: RawGroup;
  readonly keyID: KeyID;
  /** Whether they are by administrators of the group. */
  readonly isTrusted: boolean;
  open(secret: KeySecret): KeySecret | undefined;
}

/** A search through the keys that open others. Two keys can each be encrypted with the other, and one with thousands. */
export interface KeySearch {
  /** Call if the encrypting key was not found. It may need a key that is being looked for, and be found once that is. */
  openLater(holder: RawGroup, encryptingID: KeyID, opening: Opening): void;
}

/** A key that the search has looked for, or looks for now. */
interface Sought {
  secret?: KeySecret;
  /** Revelations that lacked this key when they were tried. */
  readonly opens: Opening[];
}

interface Attempt {
  readonly opening: Opening;
  readonly secret: KeySecret;
}

interface Searching extends KeySearch {
  find(group: RawGroup, keyID: KeyID, tryAll: TryAll): KeySecret | undefined;
}

type TryAll = (search: KeySearch) => KeySecret | undefined;

let searching: Searching | undefined;

/** During `run`, looks for each key once. */
export function inOneSearch<T>(run: () => T): T {
  const isOutermost = searching === undefined;
  searching ??= createSearching();
  try {
    return run();
  } finally {
    if (isOutermost) searching = undefined;
  }
}

/**
 * Looks for a key by trying all its revelations. No search is repeated: when a key is found, only those revelations are tried
 * again that lacked it.
 */
export function searchKey(group: RawGroup, keyID: KeyID, tryAll: TryAll): KeySecret | undefined {
  return inOneSearch(() => searching?.find(group, keyID, tryAll));
}

function createSearching(): Searching {
  const sought = new Map<string, Sought>();
  const trusted: Attempt[] = [];
  /** By others than administrators. Tried last: they may have revealed another secret. */
  const others: Attempt[] = [];
  let depth = 0;

  function take(found: Sought, secret: KeySecret): void {
    found.secret = secret;
    for (const opening of found.opens) (opening.isTrusted ? trusted : others).push({ opening, secret });
  }

  function attempt({ opening, secret }: Attempt): void {
    const target = sought.get(nameOf(opening.group, opening.keyID));
    if (!target || target.secret !== undefined) return;
    const found = firstOf([secret], opening.open);
    if (found !== undefined) take(target, found);
  }

  function attemptAll(): void {
    for (let next = trusted.shift(); next; next = trusted.shift()) attempt(next);
    if (depth > 0) return;
    for (let next = others.shift(); next; next = trusted.shift() ?? others.shift()) attempt(next);
  }

  const search: Searching = {
    find(group, keyID, tryAll) {
      const name = nameOf(group, keyID);
      const known = sought.get(name);
      if (known) return known.secret;
      const own: Sought = { opens: [] };
      sought.set(name, own);
      depth++;
      try {
        const found = tryAll(search);
        if (found !== undefined) take(own, found);
      } finally {
        depth--;
      }
      attemptAll();
      return own.secret;
    },
    openLater(holder, encryptingID, opening) {
      sought.get(nameOf(holder, encryptingID))?.opens.push(opening);
    },
  };
  return search;
}

function nameOf({ id }: RawGroup, keyID: KeyID): string {
  return `${id} ${keyID}`;
}

/** The first that is found. Garbage makes cryptography throw. */
export function firstOf<T, U>(candidates: Iterable<T>, find: (candidate: T) => U | undefined): U | undefined {
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
