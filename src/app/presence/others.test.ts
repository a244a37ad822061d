import { expect, it } from 'vitest';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { createOthers, silenceMs } from './others.ts';

const me = 'co_zMe';

function room() {
  const clock = createFakeClock();
  let changes = 0;
  const others = createOthers({ clock, accountID: me, changed: () => void changes++ });
  const frame = (name: string, atMs: number) => ({
    ...{ from: `co_z${name}_session_zX` as `co_z${string}_session_z${string}` as never, atMs },
    signature: `signature_z${name}${atMs}`,
  });
  const hear = (name: string, atMs: number, state: string | undefined, relayID = 'one') => {
    const list = state === undefined ? [] : [state];
    return others.heard(relayID, frame(name, atMs), list, JSON.stringify(list));
  };
  const shown = () => others.list.map(({ accountID, state }) => `${accountID.slice(4)} ${state as string}`);
  return { clock, others, frame, hear, shown, changes: () => changes };
}

it('[PRES-7] lets a session go after 30 s of silence, and no earlier', () => {
  const { clock, hear, shown } = room();
  hear('A', 1, 'a');
  clock.advance(20_000);
  hear('B', 1, 'b');
  hear('A', 2, 'a');
  clock.advance(silenceMs - 1);
  expect(shown()).toEqual(['A a', 'B b']);
  clock.advance(1);
  expect(shown()).toEqual([]);
});

it('reports a session as new once, and keeps its object while it shows the same', () => {
  const { hear, others, changes } = room();
  expect(hear('A', 1, 'a')).toBe(true);
  const [first] = others.list;
  expect(hear('A', 2, 'a')).toBe(false);
  expect(others.list[0]).toBe(first);
  expect(changes()).toBe(1);
  hear('A', 3, undefined);
  expect(others.list).toEqual([]);
  expect(hear('A', 4, 'b')).toBe(false);
});

it('[PRES-8] takes no frame that is not newer, also of a session that has gone', () => {
  const { hear, others, frame, shown } = room();
  hear('A', 5, 'new');
  hear('A', 4, 'old');
  expect(shown()).toEqual(['A new']);
  others.gone('one', frame('A', 5).from);
  expect(shown()).toEqual([]);
  expect(others.mayBeNews('one', frame('A', 5))).toBe(false);
  expect(hear('A', 5, 'new')).toBe(false);
  expect(shown()).toEqual([]);
});

it('keeps a session that has left one relay and is at another', () => {
  const { hear, others, frame, shown } = room();
  hear('A', 1, 'a', 'one');
  others.mayBeNews('two', frame('A', 1));
  others.gone('one', frame('A', 1).from);
  expect(shown()).toEqual(['A a']);
  others.gone('three', frame('A', 1).from);
  expect(shown()).toEqual(['A a']);
  others.gone('two', frame('A', 1).from);
  expect(shown()).toEqual([]);
});

it('takes no more than 1,000 sessions', () => {
  const { hear, others, frame } = room();
  for (let count = 0; count < 1_000; count++) hear(`A${count}`, 1, 'x');
  expect(others.mayBeNews('one', frame('B', 1))).toBe(false);
  expect(others.mayBeNews('one', frame('A7', 2))).toBe(true);
});
