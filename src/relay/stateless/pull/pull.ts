import { contentBytes, type Content, type RawCoID } from '../../../engine/content.ts';
import type { Rights } from '../../authorize/authorizer.ts';
import { isCoValueID } from '../../../wire/ids.ts';
import type { StatelessTools } from '../../namespace/stateless-tools.ts';
import type { Sender } from '../bearer.ts';
import { mayList, notListed } from './collection-access.ts';
import { nameOfSome, readCursor, writeCursor, type Cursor, type CursorPart } from './cursor.ts';
import { findChanged, type Changed, type FoundChanges } from './find-changed.ts';
import { newerMessages } from './newer-messages.ts';
import { openPace, type Pace } from '../request-pace.ts';
import { deniedOf, refusePull } from '../refuse-unauthorized.ts';
import { busy, Resync, StatelessRefusal, storageFailed } from '../refusal.ts';
import type { Place } from '../request-places.ts';
import type { RequestMemory } from '../requests.ts';
import { readStoredRoles } from './stored-roles.ts';

export interface PullRequest {
  /** The CoValues, or a group or account: then, all that it owns. */
  readonly of: readonly RawCoID[] | { readonly collection: RawCoID };
  readonly since: string | undefined;
  /** The most messages in the answer. */
  readonly limit: number;
}

export interface PullAnswer {
  /** Content messages, dependencies first. */
  readonly serverChanges: readonly Content[];
  /** The cursor to pull with next time: at once if there is more. */
  readonly syncedUntil: string;
  readonly more: boolean;
}

export interface PullContext {
  readonly memory: RequestMemory;
  readonly sender: Sender;
  /** Undefined if the client may pull everything. */
  readonly rights: Rights | undefined;
  readonly place: Place;
}

export const maxIDs = 100;
const maxOwned = 10_000;
const defaultLimit = 500;
const maxLimit = 1_000;
/** Of one answer, but for its last message. */
const maxAnswerBytes = 8_000_000;
// Measured for the text of the answer and what it is made of.
const memoryPerByte = 4;

/** Reads the query of the address. Throws a `StatelessRefusal`. */
export function readPull(query: URLSearchParams): PullRequest {
  const collection = query.get('collection');
  const ids = (query.get('ids') ?? '').split(',').filter((id) => id !== '');
  const limit = query.get('limit') ?? String(defaultLimit);
  if (['ids', 'collection', 'since', 'limit'].some((name) => query.getAll(name).length > 1))
    throw invalid('it names a parameter twice');
  if (collection !== null && query.has('ids')) throw invalid('it has both `ids` and a `collection`');
  if (collection !== null && !isCoValueID(collection)) throw invalid('the `collection` is malformed');
  if (collection === null && (ids.length === 0 || ids.length > maxIDs))
    throw invalid(`\`ids\` names none, or more than ${maxIDs}`);
  if (!ids.every(isCoValueID)) throw invalid('one of the `ids` is malformed');
  if (!/^\d{1,4}$/.test(limit) || Number(limit) < 1 || Number(limit) > maxLimit)
    throw invalid(`\`limit\` is not between 1 and ${maxLimit}`);
  return {
    of: collection === null ? [...new Set(ids)] : { collection },
    since: query.get('since') ?? undefined,
    limit: Number(limit),
  };
}

/** The result rejects with a `StatelessRefusal`, with `Resync`, or because the storage failed. */
export function createPull(tools: StatelessTools) {
  const { storage, appID } = tools;
  const { isTakenDown } = tools.restrictions;

  /** The collection itself comes first, with the groups above it. */
  async function list(
    collection: RawCoID,
    { sender: { principal }, memory }: PullContext,
    inTurn: Pace['inTurn'],
  ): Promise<readonly RawCoID[]> {
    const isListed =
      !isTakenDown(collection) &&
      (await mayList(collection, principal, () =>
        readStoredRoles(collection, { ...tools, inTurn, loaded: memory.loaded }),
      ));
    if (!isListed) throw notListed(principal, collection);
    const owned = await storage.owners.listOwned(collection, maxOwned + 1);
    if (!owned)
      throw storageFailed(
        'After an update or an import, the relay is still noting which group owns which CoValue.',
      );
    if (owned.length > maxOwned)
      throw new StatelessRefusal(
        'too-large',
        `This group owns more than ${maxOwned} CoValues. Pull them by \`ids\`.`,
      );
    return [collection, ...owned.filter((id) => id !== collection)];
  }

  async function pull(
    { of, since, limit }: PullRequest,
    context: PullContext,
    { inTurn }: Pace,
  ): Promise<PullAnswer> {
    const { memory, rights } = context;
    const identity = tools.identity();
    const cursor = since === undefined ? undefined : readCursor(since, { appID, identity });
    const part = cursor?.part;
    const from = part ? part.from : cursor?.horizon;
    // Read first, because the next pull gives everything that is committed after it.
    const now = await storage.changes.readHorizon();
    const ids = 'collection' in of ? await list(of.collection, context, inTurn) : of;
    const horizon = part ? cursor.horizon : now;
    const state = from === undefined ? undefined : await storage.changes.stateSince(from);
    if (state?.isKept === false) throw new Resync();
    const denied = 'collection' in of && rights ? await deniedOf(ids, rights) : new Set<string>();
    const reader = storage.openReader();
    const isNew = !state?.isQuiet || cursor?.withheld !== '';
    const found = isNew
      ? await findChanged(
          ids.filter((id) => !denied.has(id)),
          from,
          { changes: storage.changes, reader, inTurn, isTakenDown },
        )
      : nothing;
    const withheld = new Set([...found.withheld, ...denied]);
    const secret = withheld.size + found.deleted.size > 0 ? await tools.bearerStore.readSecret() : '';
    const name = nameOfSome(withheld, secret);
    const deleted = nameOfSome(found.deleted, secret);
    // What the client did not get may be allowed again, and the parts of an answer must be cut from the same whole.
    if (cursor && cursor.withheld !== name && (part ?? cursor.withheld !== '')) throw new Resync();
    if (part && part.deleted !== deleted) throw new Resync();
    const { page, next } = await cut(found.changed, part, limit, { reader, memory, inTurn });
    // The database may have gone back meanwhile.
    await new Promise<void>((resolve) => tools.onceSure(resolve));
    if (tools.identity().epoch !== identity.epoch) throw storageFailed();
    if (page.some(({ id }) => isTakenDown(id))) throw busy('An operator takes something down.');
    const cursorOfNext: Cursor = {
      ...{ horizon, withheld: name },
      ...(next && { part: { ...next, from, deleted } }),
    };
    return {
      serverChanges: page,
      syncedUntil: writeCursor(cursorOfNext, { appID, identity }),
      more: next !== undefined,
    };
  }

  return async (request: PullRequest, context: PullContext): Promise<PullAnswer> => {
    const { memory, rights, place } = context;
    // Before its turn, which others could have meanwhile.
    if (rights) await refusePull('collection' in request.of ? [request.of.collection] : request.of, rights);
    return place.run(async () => {
      const pace = openPace(tools, memory);
      try {
        return await pull(request, context, pace);
      } finally {
        pace.close();
      }
    });
  };
}

const nothing: FoundChanges = { changed: [], withheld: new Set(), deleted: new Set() };

interface CutOptions {
  readonly reader: Parameters<typeof newerMessages>[2];
  readonly memory: RequestMemory;
  readonly inTurn: Pace['inTurn'];
}

/**
 * Content that was added since the earlier answers is in a later one, or the next cursor gives it: content only grows, and its
 * new dependencies come with it.
 */
async function cut(
  changed: readonly Changed[],
  from: Pick<CursorPart, 'at' | 'place'> | undefined,
  limit: number,
  { reader, memory, inTurn }: CutOptions,
): Promise<{ page: readonly Content[]; next?: Pick<CursorPart, 'at' | 'place'> }> {
  const page: Content[] = [];
  const start = from ? changed.findIndex(({ state }) => state.id === from.at) : 0;
  if (start < 0) throw new Resync();
  let bytes = 0;
  for (const one of changed.slice(start)) {
    const at = one.state.id;
    let place = at === from?.at ? from.place : undefined;
    for await (const { content, end } of newerMessages(one, place, reader)) {
      await inTurn(() => {});
      if (page.length === limit || bytes >= maxAnswerBytes) return { page, next: { at, place } };
      page.push(content);
      place = end;
      bytes += contentBytes(content);
      memory.loaded(memoryPerByte * bytes);
      memory.checkShare();
    }
  }
  return { page };
}

function invalid(what: string): StatelessRefusal {
  return new StatelessRefusal('invalid', `Refused a pull: ${what}.`);
}
