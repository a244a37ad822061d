import { cojsonInternals } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import type { KernelError } from '../../base/kernel-error.ts';
import { createTimeSlices } from '../../base/time-slices.ts';
import type { Content, RawCoID } from '../../engine/content.ts';
import { messagesOf } from './messages/stored-messages.ts';
import { joinPieces, type Piece, type StoredCoValue } from './pieces.ts';
import type { KnownStates } from './known-states.ts';

type OnContent = (content: Content) => void;
type OnDone = (isFound: boolean) => void;

/**
 * Loads CoValues for cojson: dependencies before their dependents, and each dependency once. A failed read is retried until
 * it succeeds, because it must not look like a CoValue that is not stored; cojson is told "not found" after `answerMs`, so
 * that it asks a relay meanwhile.
 */
export interface Loads {
  /** Reads fail now, so what is not found may be stored. */
  readonly isFailing: boolean;
  load(id: RawCoID, onContent: OnContent, onDone: OnDone): void;
  /** cojson has it from elsewhere, so it is not loaded as a dependency. */
  has(id: RawCoID): void;
  /** cojson unloaded it and may request it again. */
  forget(id: RawCoID): void;
  /** Why CoValues could not be read, until they are. */
  readonly failures: ReadonlyMap<RawCoID, KernelError>;
  close(): void;
}

interface Request {
  readonly onContent: OnContent;
  readonly onDone: OnDone;
  readonly failingSinceMs?: number;
}

export const answerMs = 3_000;
const firstDelayMs = 500;
const maxDelayMs = 10_000;

export function createLoads(options: {
  /** Reads what is stored, including everything queued before the call. */
  read(ids: ReadonlySet<RawCoID>): Promise<ReadonlyMap<RawCoID, readonly Piece[]>>;
  readonly known: Pick<KnownStates, 'read'>;
  readonly clock: Clock;
  nextTask(): Promise<void>;
  failed(error: unknown): KernelError;
  /** A read has succeeded after some had failed. */
  recovered(): void;
}): Loads {
  const { read, known, clock, nextTask, failed, recovered } = options;
  /** CoValues that cojson has. */
  const delivered = new Set<RawCoID>();
  let pending = new Map<RawCoID, Request[]>();
  const failures = new Map<RawCoID, KernelError>();
  /** Requests for what could not be read, until the next attempt. */
  let unread = new Map<RawCoID, Request[]>();
  let delayMs = firstDelayMs;
  let cancelRetry: (() => void) | undefined;

  function add(id: RawCoID, requests: readonly Request[]): void {
    const same = pending.get(id);
    if (same) return void same.push(...requests);
    // Reads everything requested in one turn together.
    if (pending.size === 0) queueMicrotask(() => void answer());
    pending.set(id, [...requests]);
  }

  function retryLater(requests: ReadonlyMap<RawCoID, readonly Request[]>, failure: KernelError): void {
    const nowMs = clock.elapsedMs();
    for (const [id, some] of requests) {
      failures.set(id, failure);
      const waiting = some.map(({ failingSinceMs = nowMs, ...request }) => ({ ...request, failingSinceMs }));
      unread.set(id, [...(unread.get(id) ?? []), ...waiting]);
    }
    // Several reads that fail at once count as one attempt.
    if (cancelRetry) return;
    cancelRetry = clock.after(delayMs, retry);
    delayMs = Math.min(maxDelayMs, delayMs * 2);
  }

  function retry(): void {
    cancelRetry = undefined;
    const again = unread;
    unread = new Map();
    for (const [id, requests] of again) add(id, requests.map(answerInTime));
  }

  function answerInTime(request: Request): Request {
    const { onContent, onDone, failingSinceMs = Infinity } = request;
    if (clock.elapsedMs() - failingSinceMs < answerMs) return request;
    onDone(false);
    return { onContent, onDone: () => {} };
  }

  async function answer(): Promise<void> {
    const requests = pending;
    pending = new Map();
    try {
      const found = await readWithDependencies(new Set(requests.keys()));
      const wasFailing = failures.size > 0;
      for (const id of requests.keys()) failures.delete(id);
      if (wasFailing && failures.size === 0) {
        delayMs = firstDelayMs;
        recovered();
      }
      await deliverAll(requests, found);
    } catch (error) {
      retryLater(requests, failed(error));
    }
  }

  async function readWithDependencies(ids: ReadonlySet<RawCoID>): Promise<ReadonlyMap<RawCoID, Found>> {
    const found = new Map<RawCoID, Found>();
    const visited = new Set<RawCoID>();
    for (let next = ids; next.size > 0;) {
      const pieces = await read(next);
      const missing = new Set<RawCoID>();
      for (const id of next) {
        visited.add(id);
        const stored = joinPieces(id, pieces.get(id) ?? []);
        if (!stored) continue;
        const one = withDependencies(stored);
        found.set(id, one);
        for (const dependency of one.dependencies) {
          if (!visited.has(dependency) && !delivered.has(dependency)) missing.add(dependency);
        }
      }
      next = missing;
    }
    return found;
  }

  async function deliverAll(
    requests: Map<RawCoID, readonly Request[]>,
    found: ReadonlyMap<RawCoID, Found>,
  ): Promise<void> {
    const slices = createTimeSlices({ nowMs: clock.elapsedMs, nextTask });
    const visiting = new Set<RawCoID>();

    async function deliverWithDependencies(id: RawCoID, asker: Request | undefined): Promise<void> {
      // In a dependency cycle, cojson itself waits for the other CoValue.
      if (visiting.has(id)) return;
      visiting.add(id);
      const one = found.get(id);
      const sameID = requests.get(id) ?? [];
      requests.delete(id);
      const [first = asker] = sameID;
      if (one && first) {
        for (const dependency of one.dependencies) await deliverWithDependencies(dependency, first);
        if (sameID.length > 0 || !delivered.has(id)) await deliver(one, first);
      }
      for (const { onDone } of sameID) onDone(one !== undefined);
    }

    async function deliver({ stored, messages }: Found, { onContent }: Request): Promise<void> {
      known.read(stored);
      for (const message of messages) {
        if (slices.isOver()) await slices.next();
        delivered.add(stored.id);
        onContent(message);
      }
      // A relay may have been faster with what a copy of the browser profile wrote.
      known.read(stored);
    }

    for (const id of [...requests.keys()]) {
      // Also of what is not stored: what a relay sent of it is read then.
      if (slices.isOver()) await slices.next();
      await deliverWithDependencies(id, undefined);
    }
  }

  return {
    get isFailing() {
      return failures.size > 0;
    },
    load: (id, onContent, onDone) => add(id, [{ onContent, onDone }]),
    has: (id) => void delivered.add(id),
    forget: (id) => void delivered.delete(id),
    failures,
    close() {
      cancelRetry?.();
      for (const { onDone } of [...unread.values()].flat()) onDone(false);
    },
  };
}

interface Found {
  readonly stored: StoredCoValue;
  readonly messages: readonly Content[];
  readonly dependencies: ReadonlySet<RawCoID>;
}

function withDependencies(stored: StoredCoValue): Found {
  const messages = messagesOf(stored);
  const dependencies = new Set(
    messages.flatMap((message) => [...cojsonInternals.getDependedOnCoValues(stored.header, message)]),
  );
  dependencies.delete(stored.id);
  return { stored, messages, dependencies };
}
