import { cojsonInternals } from 'cojson';
import { createTimeSlices, type SliceTiming } from '../../base/time-slices.ts';
import type { NewContent, RawCoID } from '../content.ts';
import { joinPieces, knownStateOf, messagesOf, type Piece, type StoredCoValue } from './pieces.ts';
import type { KnownStates } from './known-states.ts';

type OnContent = (content: NewContent) => void;
type OnDone = (isFound: boolean) => void;

/** Reads CoValues for cojson: what one depends on before itself, and each dependency once. */
export interface Loads {
  load(id: RawCoID, onContent: OnContent, onDone: OnDone): void;
  /** cojson has it from elsewhere: it is not handed out along with what depends on it. */
  has(id: RawCoID): void;
  /** cojson has let go of it, and may ask for it again. */
  forget(id: RawCoID): void;
}

interface Request {
  readonly onContent: OnContent;
  readonly onDone: OnDone;
}

export function createLoads(options: {
  /** Reads what is on the device, what was asked to be written before included. */
  read(ids: ReadonlySet<RawCoID>): Promise<ReadonlyMap<RawCoID, readonly Piece[]>>;
  readonly known: Pick<KnownStates, 'add'>;
  readonly timing: SliceTiming;
  failed(error: unknown): void;
}): Loads {
  const { read, known, timing, failed } = options;
  /** What cojson has. */
  const handedOut = new Set<RawCoID>();
  let asked = new Map<RawCoID, Request[]>();

  function load(id: RawCoID, onContent: OnContent, onDone: OnDone): void {
    const request = { onContent, onDone };
    const same = asked.get(id);
    if (same) return void same.push(request);
    // All that are asked for in one turn are read together.
    if (asked.size === 0) queueMicrotask(() => void answer());
    asked.set(id, [request]);
  }

  async function answer(): Promise<void> {
    const requests = asked;
    asked = new Map();
    try {
      await handOut(requests, await readWithDependencies(new Set(requests.keys())));
    } catch (error) {
      failed(error);
      for (const { onDone } of [...requests.values()].flat()) onDone(false);
    }
  }

  async function readWithDependencies(ids: ReadonlySet<RawCoID>): Promise<ReadonlyMap<RawCoID, Found>> {
    const found = new Map<RawCoID, Found>();
    const looked = new Set<RawCoID>();
    for (let next = ids; next.size > 0;) {
      const pieces = await read(next);
      const missing = new Set<RawCoID>();
      for (const id of next) {
        looked.add(id);
        const stored = joinPieces(id, pieces.get(id) ?? []);
        if (!stored) continue;
        const one = withDependencies(stored);
        found.set(id, one);
        for (const dependency of one.dependencies) {
          if (!looked.has(dependency) && !handedOut.has(dependency)) missing.add(dependency);
        }
      }
      next = missing;
    }
    return found;
  }

  async function handOut(
    requests: Map<RawCoID, readonly Request[]>,
    found: ReadonlyMap<RawCoID, Found>,
  ): Promise<void> {
    const slices = createTimeSlices(timing);
    const begun = new Set<RawCoID>();

    async function give(id: RawCoID, asker: Request | undefined): Promise<void> {
      // In a circle, cojson waits for the other half by itself.
      if (begun.has(id)) return;
      begun.add(id);
      const one = found.get(id);
      const own = requests.get(id) ?? [];
      requests.delete(id);
      const [first = asker] = own;
      if (one && first) {
        for (const dependency of one.dependencies) await give(dependency, first);
        if (own.length > 0 || !handedOut.has(id)) await say(one, first);
      }
      for (const { onDone } of own) onDone(one !== undefined);
    }

    async function say({ stored, messages }: Found, { onContent }: Request): Promise<void> {
      known.add(knownStateOf(stored));
      for (const message of messages) {
        if (slices.isOver()) await slices.next();
        handedOut.add(stored.id);
        onContent(message);
      }
    }

    for (const id of [...requests.keys()]) await give(id, undefined);
  }

  return {
    load,
    has: (id) => void handedOut.add(id),
    forget: (id) => void handedOut.delete(id),
  };
}

interface Found {
  readonly stored: StoredCoValue;
  readonly messages: readonly NewContent[];
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
