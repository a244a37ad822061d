import {
  cojsonInternals,
  type CojsonInternalTypes,
  type CoValueCore,
  type LocalNode,
  type RawCoMap,
} from 'cojson';
import { createRandom } from '../../test/long/seeded-random.ts';
import { createThing, textOf } from '../harness/things.ts';
import { createNode, createSharedGroup } from './client.ts';

/** A content message in wire format, and what acknowledges it. */
export interface Upload {
  readonly id: string;
  readonly text: string;
  /** How many transactions of each session the receiver has afterwards. */
  readonly counts: Readonly<Record<string, number>>;
}

/** Edits of existing maps. */
export interface EditStreams {
  /** What must be uploaded first, in order. */
  readonly before: readonly Upload[];
  /** One stream per map; each upload is one transaction that follows the previous one. */
  readonly streams: readonly (readonly Upload[])[];
}

/** Each edit holds the text of a short note, encrypted and signed as a client would do it. */
export async function createEditStreams(seed: number, streams: number, edits: number): Promise<EditStreams> {
  const random = createRandom(seed);
  const node = await createNode();
  const group = createSharedGroup(node);
  const maps = Array.from({ length: streams }, () => group.createMap({ title: textOf(random, 5, 40) }));
  const before = uploadsOf(node);
  return {
    before,
    streams: maps.map((map) =>
      Array.from({ length: edits }, () => {
        const known = map.core.knownState();
        map.set(`key${random(0, 9)}`, textOf(random, 0, 200), 'private');
        const [upload, ...more] = uploadsSince(map.core, known);
        if (!upload || more.length > 0) throw new Error('One edit made no message, or several.');
        return upload;
      }),
    ),
  };
}

/** What an app stores for a user: groups of small things, a few of which have many edits. */
export interface Library {
  /** Dependencies first. */
  readonly uploads: readonly Upload[];
  /** The IDs of all CoValues that a client loads. */
  readonly ids: readonly RawCoMap['id'][];
}

const thingsPerGroup = 100;

/** `size` counts the groups too, but not the account that they depend on. */
export async function createLibrary(seed: number, size: number): Promise<Library> {
  const random = createRandom(seed);
  const node = await createNode();
  const groups = Array.from({ length: Math.ceil(size / (thingsPerGroup + 1)) }, () =>
    createSharedGroup(node),
  );
  const ids: string[] = groups.map(({ id }) => id);
  for (let index = 0; ids.length < size; index++) {
    const group = groups[index % groups.length];
    if (group) ids.push(createThing(group, random));
  }
  return { uploads: uploadsOf(node), ids: ids as RawCoMap['id'][] };
}

/** All content of a node in order of creation, so dependencies come first. */
export function uploadsOf(node: LocalNode): readonly Upload[] {
  return [...node.allCoValues()].flatMap((core) => uploadsSince(core, undefined));
}

function uploadsSince(
  core: CoValueCore,
  known: Parameters<CoValueCore['newContentSince']>[0],
): readonly Upload[] {
  return (core.newContentSince(known) ?? []).map(uploadOf);
}

export function uploadOf(message: CojsonInternalTypes.NewContentMessage): Upload {
  const { sessions } = cojsonInternals.knownStateFromContent(message);
  return { id: message.id, text: JSON.stringify(message), counts: sessions };
}
