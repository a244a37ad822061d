import { cojsonInternals } from 'cojson';
import { createTimeSlices, type SliceTiming } from '../../base/time-slices.ts';
import type { Content, RawCoID } from '../../engine/content.ts';
import { joinPieces, knownStateOf, messagesOf, type Piece, type StoredCoValue } from './pieces.ts';
import type { KnownStates } from './known-states.ts';

type OnContent = (content: Content) => void;
type OnDone = (isFound: boolean) => void;

/** Loads CoValues for cojson: dependencies before their dependents, and each dependency once. */
export interface Loads {
  load(id: RawCoID, onContent: OnContent, onDone: OnDone): void;
  /** cojson has it from elsewhere, so it is not loaded as a dependency. */
  has(id: RawCoID): void;
  /** cojson unloaded it and may request it again. */
  forget(id: RawCoID): void;
}

interface Request {
  readonly onContent: OnContent;
  readonly onDone: OnDone;
}

export function createLoads(options: {
  /** Reads what is stored, including everything queued before the call. */
  read(ids: ReadonlySet<RawCoID>): Promise<ReadonlyMap<RawCoID, readonly Piece[]>>;
  readonly known: Pick<KnownStates, 'add'>;
  readonly timing: SliceTiming;
  failed(error: unknown): void;
}): Loads {
  const { read, known, timing, failed } = options;
  /** CoValues that cojson has. */
  const delivered = new Set<RawCoID>();
  let pending = new Map<RawCoID, Request[]>();

  function load(id: RawCoID, onContent: OnContent, onDone: OnDone): void {
    const request = { onContent, onDone };
    const same = pending.get(id);
    if (same) return void same.push(request);
    // Reads everything requested in one turn together.
    if (pending.size === 0) queueMicrotask(() => void answer());
    pending.set(id, [request]);
  }

  async function answer(): Promise<void> {
    const requests = pending;
    pending = new Map();
    try {
      await deliverAll(requests, await readWithDependencies(new Set(requests.keys())));
    } catch (error) {
      failed(error);
      for (const { onDone } of [...requests.values()].flat()) onDone(false);
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
    const slices = createTimeSlices(timing);
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
      known.add(knownStateOf(stored));
      for (const message of messages) {
        if (slices.isOver()) await slices.next();
        delivered.add(stored.id);
        onContent(message);
      }
    }

    for (const id of [...requests.keys()]) await deliverWithDependencies(id, undefined);
  }

  return {
    load,
    has: (id) => void delivered.add(id),
    forget: (id) => void delivered.delete(id),
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
