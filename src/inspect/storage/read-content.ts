import type { CojsonInternalTypes, CoValueHeader, LocalNode, RawCoID } from 'cojson';
import { nextTask } from '../../base/next-task.ts';
import { createTimeSlices, type TimeSlices } from '../../base/time-slices.ts';
import { findCoValue } from '../../engine/private-fields.ts';
import type { StorageInspection } from '../../storage/storage-inspection.ts';

type NewContent = CojsonInternalTypes.NewContentMessage;

export type ReadCoValue =
  | {
      readonly kind: 'read';
      readonly id: RawCoID;
      readonly header: CoValueHeader;
      /** The content for a relay that has nothing of the CoValue. */
      readonly contents: readonly NewContent[];
    }
  /** Without an ID: everything on the device that is not in memory. */
  | { readonly kind: 'unreadable'; readonly id?: RawCoID; readonly reason: string };

export interface ContentToRead {
  readonly node: LocalNode;
  /** If undefined, only the node's memory is read. */
  readonly device: StorageInspection | undefined;
  /** Default: all CoValues. */
  readonly only?: ReadonlySet<string>;
  /** Whether to add content that only the node's memory has, because it is not written yet or cannot be. */
  readonly withMemory: boolean;
  /** Called with the number of CoValues once it is known. */
  readonly counted?: (total: number) => void;
}

/** Read together, because they share database records. Bounds the memory in use. */
const coValuesPerRead = 20;

/**
 * Reads in several tasks and holds one batch in memory. Stops when the iteration ends; may miss content written
 * meanwhile.
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
      reason: `Cannot read this device’s database (${nameOf(error)}), so only content in memory is included.`,
    };
  }
  const known = new Set<string>(onDevice);
  const others = inMemory.filter((id) => !known.has(id));
  counted?.(onDevice.length + others.length);

  for (let at = 0; device && at < onDevice.length; at += coValuesPerRead) {
    const ids = onDevice.slice(at, at + coValuesPerRead);
    for (const [id, stored] of await readTogether(device, ids)) {
      if (slices.isOver()) await slices.next();
      if (stored instanceof Error) {
        yield { kind: 'unreadable', id, reason: `Cannot read it from this device (${stored.name}).` };
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

/** Serializes the contents in as many tasks as necessary. */
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

/** Sorted by their place in the database, so that neighbors are read together. */
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
  // One unreadable CoValue fails the whole read, so read each one separately.
  const separately: (readonly [RawCoID, readonly NewContent[] | Error])[] = [];
  for (const id of ids) separately.push(...(await readTogether(device, [id])));
  return separately;
}

/** The stored content, plus what only the node's memory has. */
function withMore(node: LocalNode, id: RawCoID, stored: readonly NewContent[]): readonly NewContent[] {
  const core = findCoValue(node, id);
  if (!core?.verified) return stored;
  // cojson passes on only the deletion of a deleted CoValue.
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

function* together(
  id: RawCoID,
  contents: readonly NewContent[],
  isReported: boolean,
): Generator<ReadCoValue> {
  const header = contents.find((content) => content.header)?.header;
  if (header) yield { kind: 'read', id, header, contents };
  else if (!isReported) yield { kind: 'unreadable', id, reason: 'Its header is not on this device.' };
}

/** Omits the error's message, which may quote the content. */
function nameOf(error: unknown): string {
  return error instanceof Error || error instanceof DOMException ? error.name : 'Error';
}
