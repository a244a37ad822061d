import type { CojsonInternalTypes, CoValueHeader, LocalNode, RawCoID } from 'cojson';
import { nextTask } from '../../base/next-task.ts';
import { createTimeSlices, type TimeSlices } from '../../base/time-slices.ts';
import type { StorageInspection } from '../../storage/storage-inspection.ts';
import { findCoValue } from '../../engine/private-fields.ts';

type NewContent = CojsonInternalTypes.NewContentMessage;

/** One CoValue, or something that could not be read. */
export type ReadCoValue =
  | {
      readonly kind: 'read';
      readonly id: RawCoID;
      readonly header: CoValueHeader;
      /** What cojson would hand a relay that has nothing of it. */
      readonly contents: readonly NewContent[];
    }
  /** Without an id: what stands on the device and is not in memory. */
  | { readonly kind: 'unreadable'; readonly id?: RawCoID; readonly reason: string };

export interface ContentToRead {
  readonly node: LocalNode;
  /** Undefined: only what the node has in memory. */
  readonly device: StorageInspection | undefined;
  /** None: all. */
  readonly only?: ReadonlySet<string>;
  /** Whether to add what the node has in memory beyond that: it is not written yet, or cannot be. */
  readonly withMemory: boolean;
  /** How many there are, as soon as that is known. */
  readonly counted?: (total: number) => void;
}

/** What is held in memory at once; they share records of the database. */
const coValuesAtOnce = 20;

/**
 * Reads CoValues one after the other, in as many tasks as it takes, and keeps no more of them than it reads at once; of the
 * others it keeps the ids. Whoever stops asking stops it. What is written meanwhile may be left out.
 */
export async function* readContent(options: ContentToRead): AsyncGenerator<ReadCoValue> {
  const { node, device, only, withMemory, counted } = options;
  const slices = createTimeSlices({ nowMs: () => performance.now(), nextTask });
  const wanted = (id: string) => !only || only.has(id);
  const inMemory = withMemory ? idsInMemory(node).filter(wanted) : [];
  let onDevice: readonly RawCoID[] = [];
  try {
    onDevice = device ? await idsOnDevice(device, wanted) : [];
  } catch (error) {
    yield {
      kind: 'unreadable',
      reason: `This device’s database cannot be read (${nameOf(error)}), so only what is in memory is here.`,
    };
  }
  const known = new Set<string>(onDevice);
  const others = inMemory.filter((id) => !known.has(id));
  counted?.(onDevice.length + others.length);

  for (let at = 0; device && at < onDevice.length; at += coValuesAtOnce) {
    const ids = onDevice.slice(at, at + coValuesAtOnce);
    for (const [id, stored] of await readTogether(device, ids)) {
      if (slices.isOver()) await slices.next();
      if (stored instanceof Error) {
        yield { kind: 'unreadable', id, reason: `It cannot be read from this device (${stored.name}).` };
      }
      const contents = stored instanceof Error ? [] : stored;
      yield* together(id, withMemory ? withMore(node, id, contents) : contents, stored instanceof Error);
    }
  }
  for (const id of others) {
    if (slices.isOver()) await slices.next();
    yield* together(id, withMore(node, id, []), true);
  }
}

/** Its text, in as many tasks as it takes. */
export async function textsOf(contents: readonly NewContent[], slices: TimeSlices): Promise<string[]> {
  const texts: string[] = [];
  for (const content of contents) {
    if (slices.isOver()) await slices.next();
    texts.push(JSON.stringify(content));
  }
  return texts;
}

function idsInMemory(node: LocalNode): readonly RawCoID[] {
  return [...node.allCoValues()].flatMap(({ id, verified }) => (verified ? id : []));
}

/** Those that stand near each other follow on each other. */
async function idsOnDevice(
  device: StorageInspection,
  wanted: (id: string) => boolean,
): Promise<readonly RawCoID[]> {
  const placeByID = new Map<RawCoID, number>();
  for await (const page of device.ids()) {
    for (const { id, place } of page) if (wanted(id)) placeByID.set(id, place);
  }
  return [...placeByID].sort(([, a], [, b]) => a - b).map(([id]) => id);
}

type Stored = readonly (readonly [RawCoID, readonly NewContent[] | Error])[];

async function readTogether(device: StorageInspection, ids: readonly RawCoID[]): Promise<Stored> {
  try {
    const found = await device.read(new Set(ids));
    return ids.map((id) => [id, found.get(id) ?? []]);
  } catch (error) {
    if (ids.length === 1) return ids.map((id) => [id, error instanceof Error ? error : new Error()]);
  }
  // One of them fails all: each for itself then.
  const each: (readonly [RawCoID, readonly NewContent[] | Error])[] = [];
  for (const id of ids) each.push(...(await readTogether(device, [id])));
  return each;
}

/** What is stored, and what the node has beyond that. */
function withMore(node: LocalNode, id: RawCoID, stored: readonly NewContent[]): readonly NewContent[] {
  const core = findCoValue(node, id);
  if (!core?.verified) return stored;
  // Of a deleted one only the deletion is passed on.
  if (core.isDeleted || stored.length === 0) return core.newContentSince() ?? [];
  return [...stored, ...(core.newContentSince(stateOf(id, stored)) ?? [])];
}

function stateOf(id: RawCoID, contents: readonly NewContent[]): CojsonInternalTypes.CoValueKnownState {
  const sessions: CojsonInternalTypes.CoValueKnownState['sessions'] = {};
  for (const content of contents) {
    for (const [sessionID, { after, newTransactions }] of Object.entries(content.new)) {
      sessions[sessionID as keyof typeof sessions] = after + newTransactions.length;
    }
  }
  return { id, header: true, sessions };
}

function* together(id: RawCoID, contents: readonly NewContent[], isTold: boolean): Generator<ReadCoValue> {
  const header = contents.find((content) => content.header)?.header;
  if (header) yield { kind: 'read', id, header, contents };
  else if (!isTold) yield { kind: 'unreadable', id, reason: 'Its beginning is not on this device.' };
}

/** Not what the error says: that may repeat what was read. */
function nameOf(error: unknown): string {
  return error instanceof Error || error instanceof DOMException ? error.name : 'Error';
}
