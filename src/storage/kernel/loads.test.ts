import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { CoValueHeader, KnownState, Content, RawCoID, SessionID } from '../../engine/content.ts';
import { createLoads } from './loads.ts';
import { messageSize, type Piece, type Run } from './pieces.ts';

const owned = (group: RawCoID): CoValueHeader => ({
  type: 'comap',
  ruleset: { type: 'ownedByGroup', group },
  meta: null,
  uniqueness: 'x',
});
const free: CoValueHeader = {
  type: 'comap',
  ruleset: { type: 'unsafeAllowAll' },
  meta: null,
  uniqueness: 'x',
};
const [group, one, two]: readonly [RawCoID, RawCoID, RawCoID] = ['co_zGroup', 'co_zOne', 'co_zTwo'];

let onDevice: Map<RawCoID, CoValueHeader>;
let known: KnownState[];
let log: string[];
let nowMs: number;
const nextTask = vi.fn(() => Promise.resolve());
const failed = vi.fn();
beforeEach(() => {
  onDevice = new Map([
    [group, free],
    [one, owned(group)],
    [two, owned(group)],
  ]);
  known = [];
  log = [];
  nowMs = 0;
  vi.clearAllMocks();
});

const found = (ids: ReadonlySet<RawCoID>) =>
  new Map(
    [...ids].flatMap((id): [RawCoID, Piece[]][] => {
      const header = onDevice.get(id);
      return header ? [[id, [{ id, header, runs: [] }]]] : [];
    }),
  );

function create(read = (ids: ReadonlySet<RawCoID>) => Promise.resolve(found(ids))) {
  const options = { known: { add: (state: KnownState) => void known.push(state) }, failed };
  const loads = createLoads({ ...options, read, timing: { nowMs: () => nowMs, nextTask } });
  const load = (id: RawCoID, onContent: (content: Content) => void = ({ id: of }) => log.push(of)) =>
    new Promise<boolean>((resolve) => loads.load(id, onContent, resolve));
  return { loads, load };
}

describe('loaded content', () => {
  it('follows its dependencies, each once, and becomes known', async () => {
    const { load } = create();
    expect(await Promise.all([load(one), load(two)])).toEqual([true, true]);
    expect(log).toEqual([group, one, two]);
    expect(known.map(({ id }) => id)).toEqual([group, one, two]);
  });

  it('excludes dependencies that cojson has, even if both were being read', async () => {
    const { load } = create();
    const first = load(one);
    await Promise.resolve();
    await Promise.all([first, load(two)]);
    expect(log).toEqual([group, one, two]);
  });

  it('is repeated on request, and its group after cojson has unloaded that', async () => {
    const { load, loads } = create();
    await load(one);
    await load(one);
    loads.forget(group);
    await load(two);
    expect(log).toEqual([group, one, one, group, two]);
  });

  it('does not deadlock in a dependency cycle', async () => {
    onDevice = new Map([
      [one, owned(two)],
      [two, owned(one)],
    ]);
    expect(await create().load(one)).toBe(true);
    expect(log.toSorted()).toEqual([one, two]);
  });

  it('is missing if nothing is stored', async () => {
    onDevice.delete(one);
    expect(await create().load(one)).toBe(false);
    expect(log).toEqual([]);
  });
});

it('yields to the page between CoValues', async () => {
  const { load } = create();
  const slow = ({ id }: Content) => {
    log.push(id);
    nowMs += 5;
  };
  await Promise.all([load(one, slow), load(two, slow)]);
  expect(log).toEqual([group, one, two]);
  expect(nextTask).toHaveBeenCalledOnce();
});

it('yields to the page between the messages of a large CoValue, the first of which arrives at once', async () => {
  const run = (after: number): Run => ({
    sessionID: 'co_zMe_session_z1' as SessionID,
    after,
    transactions: [{ privacy: 'trusting', madeAt: 1, changes: 'x'.repeat(messageSize + 1) as never }],
    signature: 'signature_z1',
  });
  const large: Piece = { id: one, header: free, runs: [run(0), run(1), run(2)] };
  const { load } = create(() => Promise.resolve(new Map([[one, [large]]])));
  nextTask.mockImplementation(() => Promise.resolve(void log.push('task')));
  await load(one, ({ new: sessions }) => {
    log.push(...Object.values(sessions).map(({ after }) => `from ${after}`));
    nowMs += 50;
  });
  nextTask.mockReset().mockResolvedValue(undefined);
  expect(log).toEqual(['from 0', 'task', 'from 1', 'task', 'from 2']);
});

it('is missing if reading fails, and the failure is reported', async () => {
  const error = new DOMException('not now', 'UnknownError');
  expect(await create(() => Promise.reject(error)).load(one)).toBe(false);
  expect(failed).toHaveBeenCalledExactlyOnceWith(error);
});
