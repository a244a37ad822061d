import { expect, it } from 'vitest';
import { createRandom } from '../../../test/long/seeded-random.ts';
import { createCountedList, type Counted } from './counted-list.ts';

interface Entry extends Counted {
  readonly number: number;
}

it('keeps the order and the indexes of an array, wherever entries are added and hidden', () => {
  const random = createRandom(23);
  const list = createCountedList<Entry>();
  const all: Entry[] = [];
  for (let number = 0; number < 30_000; number++) {
    const entry: Entry = { number, isHidden: random(1, 10) === 1 };
    const index = random(1, 10) <= 3 ? all.length - 1 : random(0, Math.max(0, all.length - 1));
    const neighbour = all[index];
    const kind = random(1, 10);
    if (!neighbour || kind <= 2) {
      list.push(entry);
      all.push(entry);
    } else if (kind <= 5) {
      list.insert(neighbour, 0, entry);
      all.splice(index, 0, entry);
    } else if (kind <= 9) {
      list.insert(neighbour, 1, entry);
      all.splice(index + 1, 0, entry);
    } else {
      list.hide(neighbour);
    }
    if (number % 500 !== 0) continue;
    const shown = all.filter(({ isHidden }) => !isHidden);
    expect(list.length()).toBe(shown.length);
    expect(list.toArray().map((one) => one.number)).toEqual(shown.map((one) => one.number));
    for (let at = -1; at <= shown.length; at += random(1, 50))
      expect(list.at(at)?.number).toBe(shown[at]?.number);
  }
});

it.each([-1, 1, 0.5, NaN])('has nothing at %s', (index) => {
  const list = createCountedList<Entry>();
  list.push({ number: 0, isHidden: false });
  expect(list.at(index)).toBeUndefined();
});
