import type { CoID, LocalNode, RawAccount, RawCoList, RawCoMap, RawCoValue } from 'cojson';
import { createRandom } from '../../../test/long/seeded-random.ts';
import { createThing } from '../../harness/things.ts';

/** One group per hundred things, like lists shared with different people. */
const thingsPerGroup = 100;

/**
 * The account's own CoValues: itself, its profile with a group, its root, the kernel's map; and the list of
 * all things.
 */
const beside = 6;

/** Fills an account with `size` CoValues, all private. */
export function createLibrary(
  account: RawAccount,
  { seed, size }: { readonly seed: number; readonly size: number },
): void {
  const random = createRandom(seed);
  const { node } = account.core;
  const groups = Array.from({ length: Math.ceil((size - beside) / (thingsPerGroup + 1)) }, () =>
    node.createGroup(),
  );
  const ids = Array.from({ length: size - beside - groups.length }, (_, index) => {
    const group = groups[index % groups.length];
    if (!group) throw new Error('There is no group.');
    return createThing(group, random);
  });
  const [first] = groups;
  if (!first) throw new Error('There is no group.');
  const list = first.createList<RawCoList<string>>(ids);
  rootOf(node, account).set('things', list.id, 'private');
}

/**
 * Reads all of an account's content from its root. Returns how many CoValues it has, and their size in
 * characters of JSON.
 */
export async function readLibrary(
  node: LocalNode,
  account: RawAccount,
): Promise<{ readonly things: number; readonly characters: number }> {
  const root = await load<RawCoMap>(node, account.get('root'));
  const list = await load<RawCoList<string>>(node, root.get('things'));
  const things = await Promise.all(list.asArray().map((id) => load(node, id)));
  const characters = things.reduce((sum, thing) => sum + JSON.stringify(thing.toJSON()).length, 0);
  return { things: things.length, characters };
}

async function load<T extends RawCoValue>(node: LocalNode, id: unknown): Promise<T> {
  const coValue = await node.load(id as CoID<T>);
  if (coValue === 'unavailable') throw new Error(`${String(id)} is not here.`);
  return coValue;
}

function rootOf(node: LocalNode, account: RawAccount): RawCoMap {
  return node.expectCoValueLoaded(account.get('root') as CoID<RawCoMap>).getCurrentContent() as RawCoMap;
}
