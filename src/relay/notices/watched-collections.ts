import { createSemaphore } from '../../base/semaphore.ts';
import type { Principal } from '../auth/principal.ts';
import { addNews, type WaitingNews } from '../bus/notices.ts';
import type { StatelessTools } from '../namespace/stateless-tools.ts';
import { mayList } from '../stateless/pull/collection-access.ts';
import { StatelessRefusal } from '../stateless/refusal.ts';
import { openPace } from '../stateless/request-pace.ts';
import { readStoredRoles, type StoredRoles } from '../stateless/pull/stored-roles.ts';

/** A client that wants notices about what some groups and accounts own. */
export interface Watcher {
  readonly principal: Principal | undefined;
  /** By `nameOfClient`. */
  readonly clientName: string;
  readonly collections: readonly string[];
  /** Content was committed in these. */
  notify(collections: Iterable<string>): void;
  /** It may list this no more. */
  forbid(forbidden: Forbidden): void;
}

/** `not-authorized`: `authorize` has not allowed it, for now. */
export interface Forbidden {
  readonly id: string;
  readonly why: 'not-listed' | 'not-authorized';
}

/** The collections of a namespace that clients watch. */
export interface WatchedCollections {
  /**
   * The watcher is notified from now on, of these instead of those `before`. Resolves with one that it may not list; undefined
   * if it may list all of them. Rejects if the storage fails.
   */
  watch(watcher: Watcher, before: readonly string[]): Promise<Forbidden | undefined>;
  unwatch(watcher: Watcher): void;
}

interface Collection {
  readonly id: string;
  readonly watchers: Set<Watcher>;
  /** What its roles depend on. */
  sources: ReadonlySet<string>;
  /** Grows with each change of these. */
  version: number;
  /** All its watchers may list it as of this version. */
  checkedVersion: number;
}

/** Whom to notify of a collection, and of what. */
interface Due {
  readonly watchers: Set<Watcher>;
  /** Undefined if anything may have changed. */
  readonly ids: Set<string> | undefined;
}

/** The least time between two notices. */
export const noticeIntervalMs = 250;
const retryMs = 1_000;
/** Beyond it, all collections count as changed. */
const maxWaiting = 50_000;
const maxRemembered = 50_000;
/** Of the roles that are remembered: many clients that come at once watch few groups. */
const maxRolesBytes = 8_000_000;
const maxReading = 4;

export function createWatchedCollections(tools: StatelessTools): WatchedCollections {
  const { storage, restrictions, clock, logger, news } = tools;
  const collections = new Map<string, Collection>();
  const bySource = new Map<string, Set<Collection>>();
  const rolesOf = rememberRoles(tools, setSources, (collection) => {
    markUnchecked(collection);
    flushSoon();
  });
  const waiting: WaitingNews = new Map();
  /** From the log, which also has what was passed on before. */
  const logged: WaitingNews = new Map();
  /** How many transactions there were of what all were notified of; of those before the log was read last, in the second one. */
  let totals = new Map<string, number>();
  let earlierTotals = totals;
  /** What their roles depend on has changed. */
  const unchecked = new Set<Collection>();
  let hasAllChanged = false;
  let takenDown = listTakenDown();
  let isPaused = false;
  let unfollow: (() => void) | undefined;

  function listTakenDown(): ReadonlySet<string> {
    return new Set(restrictions.list().flatMap(({ kind, id }) => (kind === 'covalue' ? [id] : [])));
  }

  function setSources(collection: Collection, sources: ReadonlySet<string>): void {
    for (const id of collection.sources) {
      const some = bySource.get(id);
      some?.delete(collection);
      if (some?.size === 0) bySource.delete(id);
    }
    // It may have lost its last watcher meanwhile.
    collection.sources = collections.get(collection.id) === collection ? sources : new Set();
    for (const id of collection.sources)
      bySource.set(id, (bySource.get(id) ?? new Set<Collection>()).add(collection));
  }

  function markUnchecked(collection: Collection): void {
    collection.version++;
    unchecked.add(collection);
  }

  function changed(id: string): void {
    rolesOf.changed(id);
    for (const collection of bySource.get(id) ?? []) markUnchecked(collection);
  }

  function enter(id: string): Collection {
    const known = collections.get(id);
    if (known) return known;
    const collection: Collection = {
      id,
      watchers: new Set(),
      sources: new Set(),
      version: 0,
      checkedVersion: 0,
    };
    collections.set(id, collection);
    return collection;
  }

  function follow(): () => void {
    takenDown = listTakenDown();
    return news.follow({
      committed(ids, pushedBy) {
        for (const id of ids) {
          changed(id);
          addNews(waiting, [id], pushedBy(id));
        }
        flushSoon();
      },
      logged(changes) {
        earlierTotals = totals;
        totals = new Map();
        if (!changes) hasAllChanged = true;
        for (const { id, pushedBy } of changes ?? []) {
          changed(id);
          addNews(logged, [id], pushedBy ?? undefined);
        }
        flushSoon();
      },
      restricted() {
        const before = takenDown;
        takenDown = listTakenDown();
        for (const id of [...before, ...takenDown]) changed(id);
        addNews(
          waiting,
          [...before].filter((id) => !takenDown.has(id)),
          undefined,
        );
        flushSoon();
      },
    });
  }

  function flushSoon(): void {
    if (waiting.size + logged.size > maxWaiting) {
      hasAllChanged = true;
      waiting.clear();
      logged.clear();
    }
    if (isPaused || !unfollow) return;
    if (waiting.size + logged.size + unchecked.size === 0 && !hasAllChanged) return;
    isPaused = true;
    const all = hasAllChanged;
    const taken = [new Map(waiting), new Map(logged)] as const;
    waiting.clear();
    logged.clear();
    hasAllChanged = false;
    flush(all, ...taken).then(
      () => goOnAfter(noticeIntervalMs),
      (error: unknown) => {
        logger.debug('Could not find out what to notify clients of; retrying', { error });
        hasAllChanged ||= all;
        for (const [id, pushedBy] of taken[0]) addNews(waiting, [id], pushedBy);
        for (const [id, pushedBy] of taken[1]) addNews(logged, [id], pushedBy);
        goOnAfter(retryMs);
      },
    );
  }

  function goOnAfter(ms: number): void {
    clock.after(ms, () => {
      isPaused = false;
      flushSoon();
    });
  }

  async function flush(all: boolean, committed: WaitingNews, fromLog: WaitingNews): Promise<void> {
    const due = new Map<Collection, Due>();
    const counted = new Map<string, number>();
    if (all)
      for (const collection of collections.values())
        due.set(collection, { watchers: new Set(collection.watchers), ids: undefined });
    await addDue(due, committed, counted, () => false);
    const known = (id: string) => counted.get(id) ?? totals.get(id) ?? earlierTotals.get(id);
    await addDue(due, fromLog, counted, (id, total) => known(id) === total);
    // Of what is taken down there is no notice, and its roles are read once it is back.
    for (const collection of unchecked)
      if (!due.has(collection) && !restrictions.isTakenDown(collection.id))
        due.set(collection, { watchers: new Set(), ids: new Set() });
    unchecked.clear();
    for (const [collection, what] of due) {
      if (tools.rightsOf || collection.checkedVersion !== collection.version)
        void checkAndNotify(collection, what);
      else for (const watcher of what.watchers) notify(collection, watcher);
    }
    if (totals.size + counted.size > maxRemembered) totals.clear();
    for (const [id, total] of counted) totals.set(id, total);
  }

  /** Checks who may still have the notice, and then sends it, without holding up those of other collections. */
  async function checkAndNotify(collection: Collection, { watchers, ids }: Due): Promise<void> {
    try {
      await checkAll(collection);
      await Promise.all(
        [...watchers].map(async (watcher) => {
          if (!collection.watchers.has(watcher)) return;
          if (!(await mayLoad(collection.id, watcher)))
            watcher.forbid({ id: collection.id, why: 'not-authorized' });
          else if (await mayLoadAny(ids, watcher)) notify(collection, watcher);
        }),
      );
    } catch (error) {
      logger.debug('Could not find out whom to notify; retrying', { error });
      clock.after(retryMs, () => {
        if (collections.get(collection.id) === collection) void checkAndNotify(collection, { watchers, ids });
      });
    }
  }

  function notify(collection: Collection, watcher: Watcher): void {
    if (collection.watchers.has(watcher)) watcher.notify([collection.id]);
  }

  async function addDue(
    due: Map<Collection, Due>,
    changed: WaitingNews,
    counted: Map<string, number>,
    isKnown: (id: string, total: number) => boolean,
  ): Promise<void> {
    if (changed.size === 0) return;
    const rows = (await storage.owners.of([...changed.keys()])).filter(
      ({ id, owner }) =>
        owner !== null &&
        collections.has(owner) &&
        !restrictions.isTakenDown(id) &&
        !restrictions.isTakenDown(owner),
    );
    // Before the notices go out: what they pull is no less.
    const counts = tools.isAlone ? undefined : await storage.owners.totals(rows.map(({ id }) => id));
    for (const { id, owner } of rows) {
      const collection = collections.get(owner ?? '');
      const total = counts?.get(id) ?? 0;
      if (!collection || isKnown(id, total)) continue;
      const pushedBy = changed.get(id);
      const others = [...collection.watchers].filter(
        ({ clientName }) => pushedBy === undefined || clientName !== pushedBy,
      );
      const before = due.get(collection) ?? { watchers: new Set(), ids: new Set() };
      for (const watcher of others) before.watchers.add(watcher);
      before.ids?.add(id);
      due.set(collection, before);
      // Otherwise, the log may have something that its pusher does not know.
      if (counts && others.length === collection.watchers.size) counted.set(id, total);
    }
  }

  /** A watcher who was removed from the group gets no notice any more. What changes meanwhile is checked with its own notice. */
  async function checkAll(collection: Collection): Promise<void> {
    const { version } = collection;
    if (collection.checkedVersion === version) return;
    await Promise.all(
      [...collection.watchers].map(async (watcher) => {
        const forbidden = await findForbidden(collection, watcher);
        if (forbidden && collection.watchers.has(watcher)) watcher.forbid(forbidden);
      }),
    );
    collection.checkedVersion = Math.max(collection.checkedVersion, version);
  }

  /** By the operator's `authorize`, which may end a right at any time. */
  function mayLoad(id: string, { principal }: Watcher): boolean | Promise<boolean> {
    return tools.rightsOf?.(principal).decide(id, 'load') ?? true;
  }

  /** Of what has changed; undefined if that is not known. */
  async function mayLoadAny(ids: ReadonlySet<string> | undefined, watcher: Watcher): Promise<boolean> {
    if (!tools.rightsOf || !ids) return true;
    for (const id of ids) if (await mayLoad(id, watcher)) return true;
    return false;
  }

  async function findForbidden(collection: Collection, watcher: Watcher): Promise<Forbidden | undefined> {
    const { id } = collection;
    if (!(await mayLoad(id, watcher))) return { id, why: 'not-authorized' };
    try {
      const isListed = await mayList(id, watcher.principal, () => rolesOf.read(collection));
      return isListed ? undefined : { id, why: 'not-listed' };
    } catch (error) {
      if (error instanceof StatelessRefusal && error.code === 'too-large') return { id, why: 'not-listed' };
      throw error;
    }
  }

  function leave(watcher: Watcher, ids: readonly string[]): void {
    for (const id of ids) {
      const collection = collections.get(id);
      if (!collection?.watchers.delete(watcher) || collection.watchers.size > 0) continue;
      collections.delete(id);
      unchecked.delete(collection);
      rolesOf.forget(collection);
      setSources(collection, new Set());
    }
    if (collections.size > 0) return;
    unfollow?.();
    unfollow = undefined;
    waiting.clear();
    logged.clear();
    totals.clear();
    earlierTotals.clear();
  }

  return {
    async watch(watcher, before) {
      unfollow ??= follow();
      const entered = watcher.collections.map(enter);
      for (const { watchers } of entered) watchers.add(watcher);
      // Afterwards, so that nothing is lost of those that stay.
      const kept = new Set(watcher.collections);
      leave(
        watcher,
        before.filter((id) => !kept.has(id)),
      );
      const forbidden = await Promise.all(
        entered.map(async (collection): Promise<Forbidden | undefined> => {
          const { id } = collection;
          return restrictions.isTakenDown(id)
            ? { id, why: 'not-listed' }
            : findForbidden(collection, watcher);
        }),
      );
      return forbidden.find((one) => one !== undefined);
    },
    unwatch: (watcher) => leave(watcher, watcher.collections),
  };
}

/** Reads the roles of collections, as of now, and remembers those read last. */
function rememberRoles(
  tools: StatelessTools,
  found: (collection: Collection, sources: ReadonlySet<string>) => void,
  outdated: (collection: Collection) => void,
) {
  const remembered = new Map<
    Collection,
    { readonly version: number; readonly roles: Promise<StoredRoles> }
  >();
  const reading = createSemaphore(maxReading);
  /** What changed during each read: until it ends, it is not known whether that matters. */
  const changedMeanwhile = new Set<Set<string>>();

  async function readNow(collection: Collection): Promise<StoredRoles> {
    const changed = new Set<string>();
    changedMeanwhile.add(changed);
    const pace = openPace(tools, { check() {} });
    try {
      const roles = await readStoredRoles(collection.id, { ...tools, inTurn: pace.inTurn });
      found(collection, roles.sources);
      if ([...changed].some((id) => roles.sources.has(id))) outdated(collection);
      return roles;
    } finally {
      pace.close();
      changedMeanwhile.delete(changed);
    }
  }

  const sizes = new Map<Promise<StoredRoles>, { readonly collection: Collection; readonly bytes: number }>();
  let keptBytes = 0;

  /** Those that were read first go first. */
  function keep(collection: Collection, roles: Promise<StoredRoles>, bytes: number): void {
    if (sizes.has(roles)) return;
    sizes.set(roles, { collection, bytes });
    keptBytes += bytes;
    for (const [oldest, one] of sizes) {
      if (keptBytes <= maxRolesBytes) break;
      sizes.delete(oldest);
      keptBytes -= one.bytes;
      if (remembered.get(one.collection)?.roles === oldest) remembered.delete(one.collection);
    }
  }

  return {
    async read(collection: Collection): Promise<StoredRoles> {
      const { version } = collection;
      const known = remembered.get(collection);
      const roles = known?.version === version ? known.roles : reading.run(() => readNow(collection));
      if (known?.roles !== roles) remembered.set(collection, { version, roles });
      try {
        const read = await roles;
        keep(collection, roles, read.bytes);
        return read;
      } catch (error) {
        if (remembered.get(collection)?.roles === roles) remembered.delete(collection);
        throw error;
      }
    },
    forget: (collection: Collection) => void remembered.delete(collection),
    changed(id: string): void {
      for (const changed of changedMeanwhile) changed.add(id);
    },
  };
}
