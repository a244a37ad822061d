import type { RawBinaryCoStream } from 'cojson';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createPeople } from '../../../test/support/session/people.ts';
import { blobOf, follow, hexOf, streamOf } from '../../../test/support/session/test-files.ts';
import { createTestSessions, type TestSessions } from '../../../test/support/session/test-sessions.ts';
import { until } from '../../../test/support/until.ts';
import { systemClock } from '../../base/clock.ts';
import type { Session } from '../../session/session.ts';
import { limitContent } from '../content-limit.ts';
import type { FileState } from './files.ts';
import { followFile } from './follow-file.ts';

// What members write who use cojson without the kernel's calls.

let sessions: TestSessions;
beforeEach(async () => {
  sessions = await createTestSessions();
});
afterEach(() => sessions.end());

const { person, connected } = createPeople(() => sessions);

function sharedGroup({ node }: Session, role: 'reader' | 'writer') {
  const group = node.createGroup();
  group.addMember('everyone', role);
  return group;
}

const png = { mimeType: 'image/png' };
const three = new Uint8Array([1, 2, 3]);

type Push = (stream: RawBinaryCoStream) => void;
const push = (item: object) => (stream: RawBinaryCoStream) => stream.push(item as never);
const start = (info: object) => push({ type: 'start', ...png, ...info });
const chunk: Push = (stream) => stream.pushBinaryStreamChunk(three);
const end: Push = (stream) => stream.endBinaryStream();

test.each<[string, Push[]]>([
  ['less than announced', [start({ totalSizeBytes: 4 }), chunk, end]],
  ['more than announced', [start({ totalSizeBytes: 5 }), chunk, chunk]],
  ['10 GB announced', [start({ totalSizeBytes: 10_000_000_000 })]],
  ['a negative size', [start({ totalSizeBytes: -1 })]],
  ['a fractional size', [start({ totalSizeBytes: 2.5 }), chunk]],
  ['no beginning', [chunk, end]],
  ['a beginning without a type', [push({ type: 'start', totalSizeBytes: 3 }), chunk, end]],
  ['a size that is text', [push({ type: 'start', ...png, totalSizeBytes: '3' }), chunk, end]],
  [
    'a chunk that is no base64',
    [start({ totalSizeBytes: 3 }), push({ type: 'chunk', chunk: 'binary_U***' }), end],
  ],
  ['a chunk that is no text', [start({ totalSizeBytes: 3 }), push({ type: 'chunk', chunk: 7 }), end]],
  ['items that are none', [push([]), start({ totalSizeBytes: 3 }), end]],
])('[FILE-5] a file is broken with %s', async (_, pushes) => {
  const session = await person(false);
  const stream = streamOf(session, session.node.createGroup());
  const { states } = follow(session.files.watch(stream.id));
  for (const one of pushes) one(stream);
  await until(() => expect(states.at(-1)).toEqual({ state: 'broken' }));
});

test('[FILE-5] a file with items that mean nothing, or after its end, is what it was without them', async () => {
  const session = await person(false);
  const stream = streamOf(session, session.node.createGroup());
  const pushes = [
    push({ type: 'note' }),
    start({ fileName: '../a\u202Etxt' }),
    chunk,
    start({ mimeType: 'a/b' }),
    end,
    chunk,
    end,
  ];
  for (const one of pushes) one(stream);
  const { states } = follow(session.files.watch(stream.id));
  await until(() => expect(states.at(-1)).toMatchObject({ state: 'ready', name: 'atxt' }));
  expect(await hexOf(await session.files.read(stream.id))).toBe('010203');
});

describe('[FILE-5] no more is taken of a file', () => {
  test('than its writer announced', async () => {
    const [mallory, reader] = [await connected(), await connected()];
    const group = sharedGroup(mallory, 'reader');
    const stream = streamOf(mallory, group);
    for (const one of [start({ totalSizeBytes: 5 }), chunk, chunk]) one(stream);
    await mallory.sync.whenConfirmed();
    const { states } = follow(reader.files.watch(stream.id));
    await until(() => expect(states.at(-1)).toEqual({ state: 'broken' }));
    const taken = reader.node.getCoValue(stream.id).knownState().sessions;
    const honest = await mallory.files.write(group, blobOf(10));
    const next = follow(reader.files.watch(honest.id));
    for (let count = 0; count < 5; count++) stream.pushBinaryStreamChunk(new Uint8Array(50_000));
    const last = await mallory.files.write(group, blobOf(10));
    // Files are sent in the order in which they were written.
    await until(() => expect(next.states.at(-1)?.state).toBe('ready'));
    await reader.files.read(last.id);
    expect(reader.node.getCoValue(stream.id).knownState().sessions).toEqual(taken);
  });

  test('than this device takes of any file, counted without what it has', async () => {
    const [mallory, reader] = [await connected(), await connected()];
    const group = sharedGroup(mallory, 'reader');
    const stream = streamOf(mallory, group);
    const limit = limitContent(reader.node, { maxBytes: 400_000 });
    limit.watch(stream.id);
    const loading = reader.load(stream.id, { timeoutMs: 600_000 }).catch(() => {});
    for (let count = 0; count < 3; count++) stream.pushBinaryStreamChunk(new Uint8Array(50_000));
    await mallory.sync.whenConfirmed();
    await until(() => expect(heldBytes(reader, stream.id)).toBeGreaterThan(250_000));
    expect(limit.isRefused(stream.id)).toBe(false);
    for (let count = 0; count < 10; count++) stream.pushBinaryStreamChunk(new Uint8Array(50_000));
    await until(() => expect(limit.isRefused(stream.id)).toBe(true));
    await mallory.sync.whenConfirmed();
    expect(heldBytes(reader, stream.id)).toBeLessThan(400_000);
    limit.end();
    await reader.close();
    await loading;
  });
});

function heldBytes({ node }: Session, id: string): number {
  const content = node.getCoValue(id as never).newContentSince() ?? [];
  const transactions = content.flatMap((message) =>
    Object.values(message.new).flatMap((one) => one.newTransactions),
  );
  return transactions.reduce((sum, one) => sum + JSON.stringify(one).length, 0);
}

test('[FILE-6] another member who may write to the group changes nothing of a file', async () => {
  const [owner, mallory, reader] = [await connected(), await connected(), await connected()];
  const group = sharedGroup(owner, 'writer');
  const stream = streamOf(owner, group);
  start({ totalSizeBytes: 3 })(stream);
  await owner.sync.whenConfirmed();
  const theirs = await mallory.load<RawBinaryCoStream>(stream.id);
  for (const one of [start({ mimeType: 'text/html', totalSizeBytes: 1 }), chunk, chunk, end]) one(theirs);
  await mallory.sync.whenConfirmed();
  const { states } = follow(reader.files.watch(stream.id));
  await until(() => expect(states.at(-1)).toEqual({ state: 'loading', received: 0, total: 3 }));
  for (const one of [chunk, end]) one(stream);
  await until(() => expect(states.at(-1)?.state).toBe('ready'));
  for (const session of [owner, mallory, reader]) {
    const blob = await session.files.read(stream.id);
    expect([blob.type, await hexOf(blob)]).toEqual(['image/png', '010203']);
  }
});

test('[FILE-6] however much another member adds, a file that is here is shown', async () => {
  const owner = await person(false);
  const { id } = await owner.files.write(owner.node.createGroup(), blobOf(10));
  const limit = { watch() {}, refuse() {}, isRefused: () => true, end() {} };
  const states: FileState[] = [];
  const { node, load } = owner;
  const end = followFile({ node, load, clock: systemClock, limit }, id as never, (state) =>
    states.push(state),
  );
  await until(() => expect(states.at(-1)?.state).toBe('ready'));
  end();
});

test('[FILE-6] of a file whose writer is not named, the author of the earliest beginning counts, on each device', async () => {
  const [owner, other] = [await connected(), await connected()];
  const stream = sharedGroup(owner, 'writer').createBinaryStream();
  start({ totalSizeBytes: 3 })(stream);
  await owner.sync.whenConfirmed();
  const theirs = await other.load<RawBinaryCoStream>(stream.id);
  owner.sync.pause();
  other.sync.pause();
  for (const one of [chunk, end]) one(stream);
  for (const one of [start({ totalSizeBytes: 6 }), chunk, chunk, end]) one(theirs);
  owner.sync.resume();
  other.sync.resume();
  await Promise.all([owner.sync.whenConfirmed(), other.sync.whenConfirmed()]);
  for (const session of [owner, other])
    await until(async () => expect(await hexOf(await session.files.read(stream.id))).toBe('010203'));
});
