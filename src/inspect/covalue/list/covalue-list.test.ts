import { beforeEach, describe, expect, it, vi } from 'vitest';
import {
  group,
  inspector,
  longSession,
  map,
  node,
  otherPerson,
  setUp,
} from '../../../../test/support/inspect/covalue-reading.ts';
import { createFakeClock } from '../../../testing/fake-clock.ts';
import { createCost } from '../../shared/cost.ts';
import { createSecondsRing } from '../../shared/seconds-ring.ts';
import { createSizes } from '../covalue-size.ts';
import { createCoValueList } from './covalue-list.ts';
import type { ListedCoValue } from './listed-covalue.ts';

beforeEach(setUp);

const rowOf = (id: string): ListedCoValue | undefined =>
  inspector.listCoValues({ limit: 500 }).rows.find((row) => row.id === id);

describe('listCoValues', () => {
  it('returns a row as plain JSON for each CoValue that the node knows', () => {
    const list = inspector.listCoValues({ limit: 500 });
    expect(list.known).toBe([...node.allCoValues()].length);
    expect(list.rows).toHaveLength(list.known);
    expect(list.unread).toBe(0);
    expect(Object.values(list.kinds).reduce((sum, count) => sum + count, 0)).toBe(list.known);
    expect(JSON.parse(JSON.stringify(list))).toEqual(list);
    const row = rowOf(map.id);
    expect(row).toMatchObject({
      ...{ kind: 'CoMap', name: 'Crew list', state: 'in-memory' },
      ...{ owner: { id: group.id }, readers: 1 },
    });
    expect(row?.bytes).toBeGreaterThan(50);
    expect(row?.editedAtMs).toBeGreaterThan(Date.now() - 60_000);
  });

  it('[PANEL-3] loads and opens nothing, and lists CoValues that were only requested', () => {
    const missing = node.getCoValue('co_zMissing');
    missing.markNotFoundInPeer('storage');
    const { rows } = inspector.listCoValues({ text: 'co_zMissing' });
    expect(rows).toEqual([{ id: 'co_zMissing', state: 'not-found', kind: 'unknown' }]);
    Reflect.set(group.core, '_cachedContent', undefined);
    expect(rowOf(map.id)).toMatchObject({ readers: 'not-open' });
    expect(Reflect.get(group.core, '_cachedContent')).toBeUndefined();
  });

  it('counts the members who can read, including those of groups above, but not those who may only write', async () => {
    const { account } = await otherPerson();
    group.addMember(account, 'writeOnly');
    expect(rowOf(map.id)?.readers).toBe(1);
    group.addMember(account, 'reader');
    expect(rowOf(map.id)?.readers).toBe(2);
    group.addMember('everyone', 'reader');
    expect(rowOf(map.id)?.readers).toBe('everyone');
  });

  it('finds by name, owner and kind, and orders by each column in both directions', () => {
    const note = group.createMap();
    note.set('name', 'Anchor', 'private');
    note.set('text', 'x'.repeat(5_000), 'private');
    const list = group.createList();
    const names = (rows: readonly ListedCoValue[]) => rows.map(({ name, kind }) => name ?? kind);
    expect(names(inspector.listCoValues({ text: 'anch' }).rows)).toEqual(['Anchor']);
    expect(names(inspector.listCoValues({ text: '^co_.* Crew', isPattern: true }).rows)).toEqual([
      'Crew list',
    ]);
    expect(inspector.listCoValues({ kind: 'CoList' }).rows.map(({ id }) => id)).toEqual([list.id]);
    expect(names(inspector.listCoValues({ order: 'name', limit: 3 }).rows)).toEqual([
      ...['Ana', 'Anchor', 'Crew list'],
    ]);
    expect(names(inspector.listCoValues({ order: 'bytes', kind: 'CoMap', limit: 1 }).rows)).toEqual([
      'Anchor',
    ]);
    for (const order of ['progress', 'name', 'kind', 'owner', 'bytes', 'edited', 'readers'] as const) {
      const [there, back] = [false, true].map((isReversed) =>
        inspector.listCoValues({ order, isReversed, limit: 500 }).rows.map(({ id }) => id),
      );
      expect(there?.toSorted()).toEqual(back?.toSorted());
    }
  });

  it('shows a new edit, and a name once the app has opened the CoValue', () => {
    const other = group.createMap();
    Reflect.set(other.core, '_cachedContent', undefined);
    const before = rowOf(other.id);
    expect(before).not.toHaveProperty('name');
    other.set('name', 'Later', 'private');
    Reflect.set(other.core, '_cachedContent', other);
    expect(rowOf(other.id)).toMatchObject({ name: 'Later' });
    expect(rowOf(other.id)?.bytes).toBeGreaterThan(before?.bytes ?? 0);
  });

  it('reads in slices, reports each, and calls nothing in memory unknown meanwhile', () => {
    for (let made = 0; made < 50; made++) group.createMap();
    const { list, clock, changes } = listFor(4);
    const first = list({ limit: 500 }, []);
    expect(first.rows).toHaveLength(first.known);
    expect(first.unread).toBeGreaterThan(0);
    expect(first.kinds.CoMap).toBeGreaterThan(50);
    expect(first.kinds).not.toHaveProperty('unknown');
    clock.advance(1_000);
    expect(changes()).toBeGreaterThan(0);
    expect(list({}, []).unread).toBe(0);
    const before = changes();
    clock.advance(60_000);
    expect(changes()).toBe(before);
  });

  it('does not read a long session again', () => {
    const reads = longSession(12_000, { privacy: 'private', encryptedChanges: 'encrypted_Uxx' });
    const { list } = listFor(0);
    for (let call = 0; call < 3; call++) list({}, []);
    const { rows } = list({ limit: 500 }, []);
    expect(rows.find(({ id }) => id === map.id)?.bytes).toBeGreaterThan(0);
    const { count } = reads;
    expect(count).toBeLessThan(13_000);
    vi.restoreAllMocks();
  });
});

/** How far each reading advances the stopwatch. */
function listFor(lookMs: number) {
  let nowMs = 0;
  let changes = 0;
  const clock = createFakeClock();
  const ring = createSecondsRing({ startMs: clock.nowMs(), seconds: 10, maxBytes: 100_000 });
  const cost = createCost({ ring, clock, stopwatchMs: () => (nowMs += lookMs) });
  const { list } = createCoValueList({ node, sizes: createSizes(), clock, cost, onChange: () => changes++ });
  return { list, clock, changes: () => changes };
}
