import { expect, it } from 'vitest';
import { addNews, parseNotice, takeNotice } from './notices.ts';

const idOf = (number: number) =>
  `co_z${String(number + 1)
    .replaceAll('0', 'x')
    .padStart(43, 'x')}`;

it('fit into the longest text and contain every ID once', () => {
  const ids = Array.from({ length: 1_000 }, (_, number) => idOf(number));
  const waiting = new Map(ids.map((id) => [id, undefined]));
  const texts: string[] = [];
  while (waiting.size > 0) texts.push(takeNotice('me', texts.length + 1, waiting, 7_900));
  expect(Math.max(...texts.map(({ length }) => length))).toBeLessThanOrEqual(7_900);
  const notices = texts.map(parseNotice);
  expect(notices.flatMap((notice) => notice?.ids)).toEqual(ids);
  expect(notices.map((notice) => notice?.number)).toEqual(notices.map((_, index) => index + 1));
});

it('are understood from relays that do not number them', () => {
  expect(parseNotice(`earlier_relay-1 ${idOf(1)}`)).toEqual({
    ...{ sender: 'earlier_relay-1', ids: [idOf(1)] },
    pushedBy: new Map(),
  });
});

it.each(['', ' ', '.1', 'me.', 'me.-1', 'me.1e9', 'me.1234567890123456', `${'x'.repeat(41)}.1`, 'ü.1'])(
  'are not read from %j',
  (text) => {
    expect(parseNotice(text)).toBeUndefined();
  },
);

it.each(['co_', 'co_z', `co_z${'x'.repeat(61)}`, 'co_z0', '__proto__', 'co_zx\u0000'])(
  'leave out the ID %j',
  (id) => {
    expect(parseNotice(`me.1 ${id} ${idOf(1)}`)?.ids).toEqual([idOf(1)]);
  },
);

it('[RELAY-75] name who alone has pushed a CoValue, which relays of earlier versions ignore', () => {
  const news = new Map<string, string | undefined>();
  addNews(news, [idOf(1), idOf(2)], 'me');
  addNews(news, [idOf(3), idOf(4)], undefined);
  addNews(news, [idOf(5)], 'you');
  addNews(news, [idOf(2)], 'you');
  addNews(news, [idOf(4)], 'me');
  addNews(news, [idOf(5)], 'you');
  const text = takeNotice('me', 1, news, 7_900);
  expect(parseNotice(text)).toEqual({
    ...{ sender: 'me', number: 1, ids: [1, 2, 3, 4, 5].map(idOf) },
    pushedBy: new Map([
      [idOf(1), 'me'],
      [idOf(5), 'you'],
    ]),
  });
  expect(text).toBe(`me.1 ~me ${idOf(1)} ~ ${[2, 3, 4].map(idOf).join(' ')} ~you ${idOf(5)}`);
});
