import { cojsonInternals } from 'cojson';
import {
  authorOf,
  isDeleteSession,
  type Content,
  type CoValueHeader,
  type RawCoID,
  type SessionID,
} from '../../../engine/content.ts';
import { dependedOn } from '../../../engine/covalue-access.ts';
import type { Horizon } from '../../database/restores/horizon.ts';
import type { Outline } from '../../storage/changes-since.ts';
import type { SqlStorage } from '../../storage/sql-storage.ts';
import { newerPieces } from './newer-messages.ts';
import { StatelessRefusal } from '../refusal.ts';
import type { Pace } from '../request-pace.ts';

/** A CoValue of which something is to be sent. */
export interface Changed extends Outline {
  /** The state that the client has; undefined if it may have nothing. */
  readonly known: Outline['state'] | undefined;
}

export interface FoundChanges {
  readonly changed: readonly Changed[];
  /** The CoValues that were taken down. */
  readonly withheld: ReadonlySet<string>;
  /** Those that were looked at and are deleted. */
  readonly deleted: ReadonlySet<string>;
}

type Reader = ReturnType<SqlStorage['openReader']>;

interface Found {
  readonly outline: Outline;
  readonly dependencies: readonly RawCoID[];
}

/** A group can have many members, and anyone can make one. */
const maxFound = 20_000;

/**
 * Finds what has changed of these CoValues and of what they depend on, dependencies first: as a load gives them to a client that
 * has what was committed before `since`, or nothing. Also finds what the changes depend on newly, which the client may lack. CoValues
 * that were taken down count as not stored.
 */
export async function findChanged(
  ids: readonly RawCoID[],
  since: Horizon | undefined,
  options: FindOptions,
): Promise<FoundChanges> {
  const withheld = new Set<string>();
  const found = await findAll(ids, options, (id) => {
    if (!options.isTakenDown(id)) return false;
    withheld.add(id);
    return true;
  });
  const deleted = [...found].filter(([, { outline }]) => sessionIDsOf(outline).some(isDeleteSession));
  return {
    changed: await changedIn(found, ids, since, options),
    withheld,
    deleted: new Set(deleted.map(([id]) => id)),
  };
}

export interface FindOptions {
  readonly changes: SqlStorage['changes'];
  readonly reader: Reader;
  readonly inTurn: Pace['inTurn'];
  isTakenDown(id: string): boolean;
}

const sessionIDsOf = ({ state }: Outline) => Object.keys(state.sessions) as SessionID[];

async function changedIn(
  found: ReadonlyMap<RawCoID, Found>,
  ids: readonly RawCoID[],
  since: Horizon | undefined,
  options: FindOptions,
): Promise<readonly Changed[]> {
  const order = dependenciesFirst(ids, found);
  const outlines = order.flatMap((id) => found.get(id)?.outline ?? []);
  if (since === undefined) return outlines.map((outline) => ({ ...outline, known: undefined }));
  const changed = await options.changes.read(since, order);
  const lacking = new Set<RawCoID>();
  for (const [id, { outline, dependencies }] of found) {
    const sessions = changed.get(id);
    if (sessions?.has('')) lacking.add(id);
    else if (sessions)
      for (const dependency of await newDependencies(outline, dependencies, sessions, options))
        lacking.add(dependency);
  }
  // Grows.
  for (const id of lacking)
    for (const dependency of found.get(id)?.dependencies ?? []) lacking.add(dependency);
  return outlines.flatMap((outline): Changed[] => {
    const { id } = outline.state;
    if (lacking.has(id)) return [{ ...outline, known: undefined }];
    const sessions = changed.get(id);
    return sessions ? [{ ...outline, known: before(outline, sessions) }] : [];
  });
}

/** The outlines that are read at once. */
const outlinesPerRead = 100;

async function findAll(
  ids: readonly RawCoID[],
  options: FindOptions,
  isWithheld: (id: RawCoID) => boolean,
): Promise<ReadonlyMap<RawCoID, Found>> {
  const found = new Map<RawCoID, Found>();
  // Grows.
  const all = [...new Set(ids)];
  const tried = new Set<RawCoID>(all);
  for (let place = 0; place < all.length;) {
    const next = all.slice(place, place + outlinesPerRead);
    place += next.length;
    const allowed = next.filter((id) => !isWithheld(id));
    for (const outline of await Promise.all(allowed.map(options.changes.readOutline))) {
      if (!outline) continue;
      const dependencies = await dependenciesOf(outline, options);
      found.set(outline.state.id, { outline, dependencies });
      for (const id of dependencies) {
        if (tried.has(id)) continue;
        all.push(id);
        tried.add(id);
      }
      if (all.length > maxFound)
        throw new StatelessRefusal(
          'too-large',
          `These CoValues depend on more than ${maxFound} others. Pull fewer at a time.`,
        );
    }
  }
  return found;
}

async function dependenciesOf(outline: Outline, options: FindOptions): Promise<readonly RawCoID[]> {
  const { header, state } = outline;
  const dependencies = await options.inTurn(() => new Set(authorsAndOwner(header, state)));
  if (header.ruleset.type === 'group') {
    const stored = await options.reader.read(state.id);
    for await (const piece of stored?.pieces ?? [])
      await options.inTurn(() => addDependencies(header, piece, dependencies));
  }
  dependencies.delete(state.id);
  return [...dependencies];
}

function authorsAndOwner(header: CoValueHeader, { id, sessions }: Outline['state']): Iterable<RawCoID> {
  const ids = Object.keys(sessions) as SessionID[];
  const only = ids.some(isDeleteSession) ? ids.filter(isDeleteSession) : ids;
  const empty = { after: 0, newTransactions: [], lastSignature: 'signature_z' } as const;
  return cojsonInternals.getDependedOnCoValues(header, {
    ...{ action: 'content', id, priority: 3 },
    new: Object.fromEntries(only.map((sessionID) => [sessionID, { ...empty, newTransactions: [] }])),
  });
}

function addDependencies(header: CoValueHeader, piece: Content, dependencies: Set<RawCoID>): void {
  for (const id of dependedOn(header, piece)) dependencies.add(id);
}

/** The dependencies that the newer content may be the first to name. */
async function newDependencies(
  { header, state }: Outline,
  dependencies: readonly RawCoID[],
  changed: ReadonlyMap<string, number>,
  { reader, inTurn }: FindOptions,
): Promise<Iterable<RawCoID>> {
  const begun = new Set(
    [...changed].filter(([, after]) => after === 0).map(([sessionID]) => authorOf(sessionID)),
  );
  const found = new Set<RawCoID>(dependencies.filter((id) => begun.has(id)));
  if (header.ruleset.type !== 'group') return found;
  const continued = new Set(
    [...changed].filter(([, after]) => after > 0).map(([sessionID]) => authorOf(sessionID)),
  );
  const named = new Set<RawCoID>();
  for await (const piece of newerPieces(before({ header, state }, changed), reader))
    await inTurn(() => addDependencies(header, piece, named));
  for (const id of named) if (!continued.has(id)) found.add(id);
  found.delete(state.id);
  return found;
}

/** The state before the changes. */
function before({ state }: Outline, changed: ReadonlyMap<string, number>): Outline['state'] {
  const sessions: Record<SessionID, number> = { ...state.sessions };
  for (const [sessionID, after] of changed) if (sessionID !== '') sessions[sessionID as SessionID] = after;
  return { ...state, sessions };
}

/** Without recursion: anyone can chain CoValues. */
function dependenciesFirst(ids: readonly RawCoID[], found: ReadonlyMap<RawCoID, Found>): readonly RawCoID[] {
  const order = new Set<RawCoID>();
  const entered = new Set<RawCoID>();
  const stack = [...ids].reverse();
  for (let id = stack.at(-1); id !== undefined; id = stack.at(-1)) {
    const one = found.get(id);
    if (!one || entered.has(id)) {
      stack.pop();
      if (one) order.add(id);
      continue;
    }
    entered.add(id);
    stack.push(...one.dependencies.filter((dependency) => !entered.has(dependency)));
  }
  return [...order];
}
