import { LocalNode, type CojsonInternalTypes, type CoValueCore, type RawCoMap } from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import { createRandom } from '../../test/long/seeded-random.ts';
import { createThing, textOf } from '../harness/things.ts';

type Content = CojsonInternalTypes.NewContentMessage;

/** What arrives at a page, in order. */
export interface Delivery {
  readonly messages: readonly Content[];
  /** The CoValues that exist when everything has arrived, with their numbers of transactions. */
  readonly expected: readonly { readonly id: string; readonly transactions: number }[];
}

const seed = 4_205;
const things = 10_000;
const transactions = 10_000;

/** All things are in one shared group that everyone can read. It is delivered before or after them. */
export async function createThings() {
  const { group, cores } = await createSharedThings();
  const first = contentOf(group);
  const rest = cores.flatMap(contentOf);
  const expected = [group, ...cores].map((core) => ({ id: core.id, transactions: countOf(core) }));
  return {
    groupFirst: { messages: [...first, ...rest], expected },
    groupLast: { messages: [...rest, ...first], expected },
  } satisfies Record<string, Delivery>;
}

/** One map with a long history, in the pieces in which cojson sends it. */
export async function createLongHistory(): Promise<Delivery> {
  const random = createRandom(seed);
  const group = await createSharedGroup();
  const map: RawCoMap = group.createMap();
  for (let count = 0; count < transactions; count++) {
    map.set(`key${random(0, 200)}`, textOf(random, 5, 120), 'private');
    // Ends the batch of 20 edits, as a pause in a user's edits would.
    if (count % 20 === 0) await Promise.resolve();
  }
  return {
    messages: [...contentOf(group.core), ...contentOf(map.core)],
    expected: [group.core, map.core].map((core) => ({ id: core.id, transactions: countOf(core) })),
  };
}

async function createSharedThings() {
  const random = createRandom(seed);
  const group = await createSharedGroup();
  const { node } = group.core;
  const ids = Array.from({ length: things }, () => createThing(group, random));
  return { group: group.core, cores: ids.map((id) => node.getCoValue(id as RawCoMap['id'])) };
}

async function createSharedGroup() {
  const crypto = await WasmCrypto.create();
  const secret = crypto.newRandomAgentSecret();
  const node = new LocalNode(secret, crypto.newRandomSessionID(crypto.getAgentID(secret)), crypto);
  const group = node.createGroup();
  group.addMember('everyone', 'reader');
  return group;
}

function contentOf(core: CoValueCore): readonly Content[] {
  return core.newContentSince(undefined) ?? [];
}

function countOf(core: CoValueCore): number {
  return Object.values(core.knownState().sessions).reduce((sum, count) => sum + count, 0);
}
