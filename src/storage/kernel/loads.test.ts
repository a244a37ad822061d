import { beforeEach, describe, expect, it, vi, type Mock } from 'vitest';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { createKernelError } from '../../base/kernel-error.ts';
import type { CoValueHeader, KnownState, Content, RawCoID, SessionID } from '../../engine/content.ts';
import { createLoads } from './loads.ts';
import { messageSize } from './messages/stored-messages.ts';
import { knownStateOf, type Piece, type Run, type StoredCoValue } from './pieces.ts';
import { until } from '../../../test/support/until.ts';

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
const recovered = vi.fn();
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

type Found = ReturnType<typeof found>;

const added = (stored: StoredCoValue) => void known.push(knownStateOf(stored));

function create(read = (ids: ReadonlySet<RawCoID>) => Promise.resolve(found(ids))) {
  const fake = createFakeClock(0);
  const clock = { ...fake, elapsedMs: () => nowMs + fake.elapsedMs() };
  const loads = createLoads({ known: { read: added }, failed, recovered, read, clock, nextTask });
  const load = (id: RawCoID, onContent: (content: Content) => void = ({ id: of }) => log.push(of)) =>
    new Promise<boolean>((resolve) => loads.load(id, onContent, resolve));
  return { clock: fake, loads, load };
}

describe('loaded content', () => {
  it('follows its dependencies, each once, and is compared before and after', async () => {
    const { load } = create();
    expect(await Promise.all([load(one), load(two)])).toEqual([true, true]);
    expect(log).toEqual([group, one, two]);
    expect(known.map(({ id }) => id)).toEqual([group, group, one, one, two, two]);
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

it('yields to the page between CoValues that are not stored, because what waited for the answer runs then', async () => {
  onDevice.clear();
  const { loads } = create();
  const tasksBefore: number[] = [];
  await new Promise<void>((resolve) => {
    for (const id of [group, one, two]) {
      loads.load(id, vi.fn(), () => {
        nowMs += 8;
        if (tasksBefore.push(nextTask.mock.calls.length) === 3) resolve();
      });
    }
  });
  expect(tasksBefore).toEqual([0, 1, 2]);
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

describe('a read that fails', () => {
  const error = new DOMException('not now', 'UnknownError');
  const failure = createKernelError('STORAGE_CLOSED', 'closed');
  beforeEach(() => void failed.mockReturnValue(failure));

  it('[STORE-11] is retried, and never looks like a CoValue that is not stored', async () => {
    const read = vi.fn(() => Promise.reject(error)) as Mock<(ids: ReadonlySet<RawCoID>) => Promise<Found>>;
    const { clock, loads, load } = create(read);
    const isFound = load(one);
    await until(() => expect(failed).toHaveBeenCalledExactlyOnceWith(error));
    expect(loads.isFailing).toBe(true);
    expect([loads.failures.get(one), loads.failures.get(two)]).toEqual([failure, undefined]);
    read.mockImplementation((ids) => Promise.resolve(found(ids)));
    clock.advance(500);
    expect(await isFound).toBe(true);
    expect(log).toEqual([group, one]);
    expect(loads.isFailing).toBe(false);
    expect(loads.failures.size).toBe(0);
    expect(recovered).toHaveBeenCalledOnce();
  });

  it('is retried at the same time as others that failed meanwhile, and as soon', async () => {
    const read = vi.fn(() => Promise.reject(error)) as Mock<(ids: ReadonlySet<RawCoID>) => Promise<Found>>;
    const { clock, load } = create(read);
    const ids = [one, two, group];
    const areFound = Promise.all(
      ids.map(async (id, index) => {
        await until(() => expect(failed).toHaveBeenCalledTimes(index));
        return load(id);
      }),
    );
    await until(() => expect(failed).toHaveBeenCalledTimes(ids.length));
    clock.advance(500);
    await until(() => expect(failed).toHaveBeenCalledTimes(ids.length + 1));
    read.mockImplementation((wanted) => Promise.resolve(found(wanted)));
    clock.advance(1_000);
    expect(await areFound).toEqual([true, true, true]);
  });

  it('is failing until everything that could not be read was read', async () => {
    const reads: {
      readonly ids: ReadonlySet<RawCoID>;
      resolve(found: Found): void;
      reject(error: unknown): void;
    }[] = [];
    const { clock, loads, load } = create(
      (ids) => new Promise((resolve, reject) => reads.push({ ids, resolve, reject })),
    );
    const isFound = load(one);
    await Promise.resolve();
    reads[0]?.reject(error);
    await until(() => expect(failed).toHaveBeenCalledOnce());
    clock.advance(500);
    await until(() => expect(reads).toHaveLength(2));
    expect(loads.isFailing).toBe(true);
    // Another CoValue can be read meanwhile.
    const other = load(group);
    await until(() => expect(reads).toHaveLength(3));
    reads[2]?.resolve(found(new Set([group])));
    expect(await other).toBe(true);
    expect(loads.isFailing).toBe(true);
    expect(recovered).not.toHaveBeenCalled();
    reads[1]?.resolve(found(new Set([one])));
    expect(await isFound).toBe(true);
    expect(loads.isFailing).toBe(false);
    expect(recovered).toHaveBeenCalledOnce();
  });

  it('lets cojson ask a relay after 3 s, and delivers what is read later', async () => {
    const read = vi.fn(() => Promise.reject(error)) as Mock<(ids: ReadonlySet<RawCoID>) => Promise<Found>>;
    const { clock, load } = create(read);
    const isFound = load(one);
    for (const [attempts, delayMs] of [500, 1_000, 2_000].entries()) {
      await until(() => expect(failed).toHaveBeenCalledTimes(attempts + 1));
      clock.advance(delayMs);
    }
    expect(await isFound).toBe(false);
    await until(() => expect(failed).toHaveBeenCalledTimes(4));
    read.mockImplementation((ids) => Promise.resolve(found(ids)));
    clock.advance(4_000);
    await until(() => expect(log).toEqual([group, one]));
  });
});
