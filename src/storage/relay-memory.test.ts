import { expect, it } from 'vitest';
import type { RawCoID, SessionID } from 'cojson';
import { joinRemembered } from './relay-memory.ts';

const [earlier, later] = [
  { id: 'ours', epoch: 'first' },
  { id: 'ours', epoch: 'second' },
];

it('a record names the storage of its latest generation, also if a tab that missed a loss writes it', () => {
  const stored = { storage: later, losses: 2 };
  expect(joinRemembered(stored, { storage: earlier, losses: 1 })).toMatchObject({
    storage: later,
    losses: 2,
  });
  expect(joinRemembered({ losses: 2 }, { storage: earlier, losses: 1 })).toEqual({ losses: 2 });
  expect(joinRemembered({ storage: earlier, losses: 1 }, { losses: 2 })).toEqual({ losses: 2 });
  expect(joinRemembered(stored, { losses: 2 })).toEqual(stored);
  expect(joinRemembered({ storage: earlier, losses: 1 }, stored)).toMatchObject(stored);
});

it('two storages that tabs have reached at one address are of two generations', () => {
  const edit = { id: 'co_z1' as RawCoID, sessionID: 's' as SessionID, count: 1 };
  const other = { storage: later, losses: 2, refill: false, confirmed: [edit] };
  const joined = joinRemembered({ storage: earlier, losses: 2 }, other);
  expect(joined).toEqual({
    storage: later,
    losses: 3,
    refill: true,
    confirmed: [{ ...edit, generation: 2 }],
  });
  expect(joinRemembered(joined, { storage: later, losses: 3, refill: false })).toMatchObject({ losses: 3 });
  expect(joinRemembered(undefined, other)).toMatchObject({ losses: 2 });
});

it('a stock server is a storage of its own, and a server that said nothing is none', () => {
  const edit = { id: 'co_z1' as RawCoID, sessionID: 's' as SessionID, count: 1 };
  const ours = { storage: earlier, losses: 1, confirmed: [edit] };
  const stock = { ...ours, storage: 'stock' as const };
  expect(joinRemembered(ours, stock)).toMatchObject({ storage: 'stock', losses: 2, refill: true });
  expect(joinRemembered(stock, ours)).toMatchObject({ storage: earlier, losses: 2, refill: true });
  expect(joinRemembered(stock, stock)).toEqual({ ...stock, confirmed: [{ ...edit, generation: 1 }] });
  const unknown = { losses: 1, confirmed: [{ ...edit, generation: 0 }] };
  for (const known of [ours, stock]) {
    expect(joinRemembered(unknown, known)).toMatchObject({ storage: known.storage, losses: 1 });
    expect(joinRemembered(known, unknown)).toMatchObject({ storage: known.storage, losses: 1 });
  }
  // Of an earlier version, which recorded no stock server.
  expect(joinRemembered({ losses: 1, confirmed: [edit] }, ours)).toMatchObject({ losses: 2, refill: true });
});

it('a record names the latest generation in which the relay had each edit', () => {
  const edit = (id: string, generation?: number) => ({
    ...{ id: id as RawCoID, sessionID: 's' as SessionID, count: 1 },
    ...(generation !== undefined && { generation }),
  });
  const stored = { confirmed: [edit('co_z1'), edit('co_z2')], losses: 1 };
  expect(joinRemembered(stored, { losses: 2 }).confirmed).toEqual([edit('co_z1', 1), edit('co_z2', 1)]);
  const again = { confirmed: [edit('co_z2')], losses: 2 };
  expect(joinRemembered(stored, again).confirmed).toEqual([edit('co_z2', 2), edit('co_z1', 1)]);
  expect(joinRemembered(again, stored).confirmed).toEqual([edit('co_z2', 2), edit('co_z1', 1)]);
});

it('what a comparison finds at the relay displaces no upload of its generation', () => {
  const edit = (id: string, generation: number, isFound?: true) => ({
    ...{ id: id as RawCoID, sessionID: 's' as SessionID, count: 1, generation },
    ...(isFound && { isFound }),
  });
  const stored = { confirmed: [edit('co_zsent', 2), edit('co_zearlier', 1)], losses: 2 };
  const found = Array.from({ length: 8 }, (_, n) => edit(`co_z${n}`, 2, true));
  const compared = joinRemembered(stored, { confirmed: found, losses: 2 });
  expect(compared.confirmed).toEqual([edit('co_zsent', 2), ...found.slice(0, 7)]);
  const again = joinRemembered(compared, { confirmed: [edit('co_zsent', 2, true)], losses: 2 });
  expect(again.confirmed).toEqual(compared.confirmed);
});
