import type { RawCoList, RawGroup } from 'cojson';
import type { Random } from '../../test/long/seeded-random.ts';

/**
 * Of twenty, sixteen are small maps with some edits, three are lists and one is a map with many
 * edits.
 */
export function createThing(group: RawGroup, random: Random): string {
  const kind = random(1, 20);
  if (kind > 19) return createEdited(group, random, random(20, 60));
  if (kind <= 16) return createEdited(group, random, random(0, 3));
  const list = group.createList<RawCoList<string>>();
  list.appendItems(Array.from({ length: random(5, 30) }, () => textOf(random, 5, 60)));
  return list.id;
}

function createEdited(group: RawGroup, random: Random, edits: number): string {
  const map = group.createMap({ title: textOf(random, 5, 60), done: false, position: random(0, 1_000) });
  for (let count = 0; count < edits; count++)
    map.set(`key${random(0, 5)}`, textOf(random, 5, 120), 'private');
  return map.id;
}

export function textOf(random: Random, min: number, max: number): string {
  let text = '';
  for (let left = random(min, max); left > 0; left--) text += String.fromCharCode(97 + random(0, 25));
  return text;
}
