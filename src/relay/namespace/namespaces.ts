import type { Database } from '../database/database.ts';
import { retry } from '../../base/retry.ts';
import { appSchemaOf, inSchema, openAppSchema } from '../database/in-schema.ts';
import { hasUnfinishedErasures } from '../erasure/erasure-rows.ts';
import {
  openNamespace,
  type Namespace,
  type NamespaceOptions,
  type NamespaceState,
  type Shared,
} from './namespace.ts';

/** The namespaces of one relay. The default one is open all the time, and those of apps while they are used. */
export interface Namespaces {
  /** Those that are open. */
  all(): readonly Namespace[];
  /** Undefined if it is not open. */
  find(appID: string | undefined): Namespace | undefined;
  /** Rejects if it cannot be opened. */
  open(appID: string | undefined): Promise<void>;
  /** Opens it if there is one. Resolves with false if it cannot be opened at present. */
  prepare(appID: string | undefined): Promise<boolean>;
  /** Opens those in which a relay has not ended what it erases: nobody may visit them any more. */
  resume(): void;
  /** Of all of them. */
  /** Of all of them together. */
  state(): NamespaceState;
  /** By app, of those that are open. */
  states(): ReadonlyMap<string | undefined, NamespaceState>;
  drain(withinMs: number): Promise<void>;
}

export interface NamespacesOptions extends NamespaceOptions {
  /** The apps that have one. */
  readonly appIDs?: readonly string[] | undefined;
}

const checkIntervalMs = 60_000;
const maxIdleMs = 5 * 60_000;
const closeWithinMs = 10_000;

export function createNamespaces(database: Database, shared: Shared, options: NamespacesOptions): Namespaces {
  const { clock, logger } = shared;
  const { appIDs = [] } = options;
  const opened = new Map<string | undefined, Namespace>();
  let all: readonly Namespace[] = [];
  const opening = new Map<string | undefined, Promise<void>>();
  /** What goes on even if a drain waits for it no more. */
  const working = new Set<Promise<void>>();
  const closing = new Map<string | undefined, Promise<void>>();
  let stop: (reason: Error) => void = () => {};
  const stopped = new Promise<never>((_, reject) => (stop = reject));
  stopped.catch(() => {});
  const ending = new AbortController();
  let isDraining = false;
  let cancel = () => {};
  if (appIDs.length > 0) cancel = clock.after(checkIntervalMs, check);

  function keep(appID: string | undefined, namespace: Namespace | undefined): void {
    if (namespace) opened.set(appID, namespace);
    else opened.delete(appID);
    all = [...opened.values()];
  }

  function open(appID: string | undefined): Promise<void> {
    if (opened.has(appID)) return Promise.resolve();
    const known = opening.get(appID);
    if (known) return known;
    const work = openNow(appID);
    working.add(work);
    const begun = Promise.race([work, stopped]).finally(() => opening.delete(appID));
    opening.set(appID, begun);
    void work.catch(() => {}).then(() => working.delete(work));
    return begun;
  }

  async function openNow(appID: string | undefined): Promise<void> {
    await closing.get(appID);
    const tables =
      appID === undefined
        ? { ...database, close: () => Promise.resolve() }
        : await openAppSchema(database, appID);
    const namespace = await openNamespace(tables, appID, shared, options);
    keep(appID, namespace);
    if (isDraining) await namespace.drain(0);
  }

  async function resumeIn(appID: string): Promise<void> {
    if (opened.has(appID)) return;
    const { query } = inSchema(database, await appSchemaOf(database.query, appID));
    if (await hasUnfinishedErasures(query)) await open(appID);
  }

  function check(): void {
    cancel = clock.after(checkIntervalMs, check);
    for (const appID of appIDs) {
      const namespace = opened.get(appID);
      if (namespace && namespace.idleMs() >= maxIdleMs) close(appID, namespace);
    }
  }

  function close(appID: string, namespace: Namespace): void {
    keep(appID, undefined);
    const ended = namespace
      .drain(closeWithinMs)
      .catch((error: unknown) => logger.warn('Could not close a namespace cleanly', { appID, error }))
      .finally(() => closing.delete(appID));
    closing.set(appID, ended);
  }

  return {
    all: () => all,
    find: (appID) => opened.get(appID),
    open,
    async prepare(appID) {
      if (isDraining) return false;
      if (appID !== undefined && !appIDs.includes(appID)) return true;
      try {
        await open(appID);
        return true;
      } catch (error) {
        logger.warn('Could not open a namespace', { appID, error });
        return false;
      }
    },
    resume() {
      for (const appID of appIDs)
        void retry(() => resumeIn(appID), {
          clock,
          signal: ending.signal,
          failed: (error) => logger.warn('Could not go on with an erasure; retrying', { appID, error }),
        });
    },
    state: () => sumOf(all.map((namespace) => namespace.state())),
    states: () => new Map([...opened].map(([appID, namespace]) => [appID, namespace.state()])),
    async drain(withinMs) {
      isDraining = true;
      cancel();
      ending.abort();
      let cancelDeadline = () => {};
      const deadline = new Promise<void>((resolve) => (cancelDeadline = clock.after(withinMs, resolve)));
      // Clients that wait for a namespace would keep the server from closing.
      stop(new Error('The relay is stopping.'));
      const changing = Promise.allSettled([...working, ...closing.values()]);
      await Promise.allSettled(all.map((namespace) => namespace.drain(withinMs)));
      await Promise.race([changing, deadline]);
      cancelDeadline();
    },
  };
}

function sumOf(states: readonly NamespaceState[]): NamespaceState {
  const sum = (value: (state: NamespaceState) => number) =>
    states.reduce((total, state) => total + value(state), 0);
  const longest = (value: (state: NamespaceState) => number | undefined) => {
    const times = states.map(value).filter((time) => time !== undefined);
    return times.length === 0 ? undefined : Math.max(...times);
  };
  return {
    pending: sum(({ pending }) => pending),
    pendingBytes: sum(({ pendingBytes }) => pendingBytes),
    setAside: sum(({ setAside }) => setAside),
    oldestPendingMs: longest(({ oldestPendingMs }) => oldestPendingMs) ?? 0,
    commitsRunning: sum(({ commitsRunning }) => commitsRunning),
    busHeardMs: longest(({ busHeardMs }) => busHeardMs),
    logReadMs: longest(({ logReadMs }) => logReadMs),
    epochs: longest(({ epochs }) => epochs) ?? 0,
    coValues: sum(({ coValues }) => coValues),
  };
}
