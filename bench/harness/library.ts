import type { CoID, LocalNode, RawCoList, RawCoValue } from 'cojson';
import { createRandom } from '../../test/long/seeded-random.ts';
import { createThing } from './things.ts';

/** One group per hundred things, like lists shared with different people. */
const thingsPerGroup = 100;

/**
 * The account's own CoValues: itself, its profile with a group, its root, the kernel's map; and the list of
 * all things.
 */
const beside = 6;

const groupsIn = (size: number) => Math.ceil((size - beside) / (thingsPerGroup + 1));

/** How many of an account's CoValues are things in its list. */
export const thingsIn = (size: number) => size - beside - groupsIn(size);

/** Adds `size` CoValues to an account, all private. Returns the ID of the list of them. */
export function createLibrary(
  node: LocalNode,
  { seed, size }: { readonly seed: number; readonly size: number },
): string {
  const random = createRandom(seed);
  const groups = Array.from({ length: groupsIn(size) }, () => node.createGroup());
  const ids = Array.from({ length: thingsIn(size) }, (_, index) => {
    const group = groups[index % groups.length];
    if (!group) throw new Error('There is no group.');
    return createThing(group, random);
  });
  const [first] = groups;
  if (!first) throw new Error('There is no group.');
  return first.createList<RawCoList<string>>(ids).id;
}

/** Reads the things of the list, up to a number of them. Returns how many there are, and their size in characters of JSON. */
export async function readLibrary(
  node: LocalNode,
  listID: unknown,
  limit = Infinity,
): Promise<{ readonly things: number; readonly characters: number }> {
  const list = await loadCoValue<RawCoList<string>>(node, listID);
  const ids = list.asArray().slice(0, limit);
  const things = await Promise.all(ids.map((id) => loadCoValue(node, id)));
  const characters = things.reduce((sum, thing) => sum + JSON.stringify(thing.toJSON()).length, 0);
  return { things: things.length, characters };
}

/** The whole of it: `load` is content with the first piece of a long history. */
export async function loadCoValue<T extends RawCoValue>(node: LocalNode, id: unknown): Promise<T> {
  const coValue = await node.load(id as CoID<T>);
  if (coValue === 'unavailable') throw new Error(`${String(id)} is not here.`);
  await coValue.core.waitForFullStreaming();
  return coValue;
}
