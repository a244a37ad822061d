import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { describeAtRelays } from '../../../test/support/session/at-relays.ts';
import { createPeople } from '../../../test/support/session/people.ts';
import { blobOf, follow, hexOf, nextStream, streamOf } from '../../../test/support/session/test-files.ts';
import { createTestSessions, type TestSessions } from '../../../test/support/session/test-sessions.ts';
import { until } from '../../../test/support/until.ts';
import { priorityOfMessage } from '../../engine/message-priority.ts';
import type { Session } from '../../session/session.ts';
import { chunkBytes } from './file-limits.ts';

const unknownID = 'co_zNobodyHasThis';

let sessions: TestSessions;
beforeEach(async () => {
  sessions = await createTestSessions();
});
afterEach(() => sessions.end());

const { person, connected } = createPeople(() => sessions);

function groupFor({ node }: Session, role?: 'reader' | 'writer' | 'writeOnly') {
  const group = node.createGroup();
  if (role) group.addMember('everyone', role);
  return group;
}

describeAtRelays({ connected }, (online) => {
  test.each([0, 1, chunkBytes, 3 * chunkBytes + 1])(
    '[FILE-1] a file of %i bytes reaches another member unchanged',
    async (size) => {
      const [owner, member] = [await online(), await online()];
      const blob = blobOf(size);
      const file = await owner.files.write(groupFor(owner, 'reader'), blob, { name: 'cabin.png' });
      expect(file).toEqual({ id: file.id, bytes: size, type: 'image/png' });

      const { states, end } = follow(member.files.watch(file.id));
      await until(() => expect(states.at(-1)).toMatchObject({ state: 'ready', name: 'cabin.png' }));
      end();

      for (const session of [owner, member]) {
        const read = await session.files.read(file.id);
        expect(read.type).toBe('image/png');
        expect(await hexOf(read)).toBe(await hexOf(blob));
      }
    },
  );
});

test('[FILE-1] a file belongs to the group of the value, by the ID of that as well, and without a name of its own', async () => {
  const owner = await person(false);
  const group = groupFor(owner);
  const map = group.createMap({ title: 'ours' });
  for (const target of [map, map.id, group, group.id]) {
    const { id } = await owner.files.write(target, new File(['a'], 'secret.txt'));
    const stream = await owner.load(id);
    expect(stream.group.id).toBe(group.id);
    const { states, end } = follow(owner.files.watch(id));
    await until(() => expect(states.at(-1)?.state).toBe('ready'));
    expect(states.at(-1)).not.toHaveProperty('name');
    end();
  }
});

test('[FILE-1] a file is of the session that writes it, also if the value is of another one in the page', async () => {
  const [owner, writer, reader] = [await connected(), await connected(), await connected()];
  const map = groupFor(owner, 'writer').createMap({ title: 'ours' });
  await owner.sync.whenConfirmed();
  const { id } = await writer.files.write(map, blobOf(10));
  await writer.sync.whenConfirmed();
  expect((await reader.files.read(id)).size).toBe(10);
});

test('[FILE-1] a file is written over several tasks, encrypted, in transactions of the recommended size, last in priority', async () => {
  const owner = await person(false);
  let tasks = 0;
  const count = setInterval(() => tasks++);
  const progress: number[] = [];
  const { id } = await owner.files.write(groupFor(owner), blobOf(20 * chunkBytes), {
    onProgress: (written, total) => progress.push(written / total),
  });
  clearInterval(count);
  expect(tasks).toBeGreaterThan(5);
  expect(progress).toEqual(Array.from({ length: 20 }, (_, at) => (at + 1) / 20));

  const content = (await owner.load(id)).core.newContentSince(undefined) ?? [];
  const transactions = content.flatMap((message) =>
    Object.values(message.new).flatMap((one) => one.newTransactions),
  );
  const sizes = transactions.map((one) => (one.privacy === 'private' ? one.encryptedChanges.length : 0));
  expect(sizes).toHaveLength(22);
  expect(Math.min(...sizes)).toBeGreaterThan(0);
  expect(Math.max(...sizes)).toBeLessThan(100 * 1024);
  expect(new Set(content.map(priorityOfMessage))).toEqual(new Set(['low']));
});

describe('[FILE-2] a file that may not be written is refused before anything is written', () => {
  test('if it is too large', async () => {
    const owner = await person(false);
    const group = groupFor(owner);
    const create = vi.spyOn(group, 'createBinaryStream');
    await expect(owner.files.write(group, blobOf(11), { maxBytes: 10 })).rejects.toMatchObject({
      code: 'VALUE_TOO_LARGE',
      details: { bytes: 11, limitBytes: 10 },
    });
    const large = { size: 100_000_001 } as Blob;
    for (const [maxBytes, limitBytes] of [
      [undefined, 50_000_000],
      [1e9, 100_000_000],
    ] as const)
      await expect(owner.files.write(group, large, { ...(maxBytes && { maxBytes }) })).rejects.toMatchObject({
        details: { limitBytes },
      });
    expect(create).not.toHaveBeenCalled();
  });

  test('if the account only reads, or is no member', async () => {
    const [owner, other] = [await connected(), await connected()];
    for (const role of ['reader', undefined] as const) {
      const group = groupFor(owner, role);
      await owner.sync.whenConfirmed();
      await expect(other.files.write(await other.load(group.id), blobOf(10))).rejects.toMatchObject({
        code: 'WRITE_FORBIDDEN',
        details: { id: group.id, role },
      });
    }
    expect(other.sync.current.saved.pending).toBe(0);
  });
});

describe('[FILE-3] a write that is broken off leaves nothing that looks like a file', () => {
  /** Aborts the write of three chunks after the first. */
  async function broken(writer: Session, groupID: string) {
    const group = await writer.load(groupID);
    const stream = nextStream(group as never);
    const aborting = new AbortController();
    const writing = writer.files.write(group, blobOf(3 * chunkBytes), {
      signal: aborting.signal,
      onProgress: () => aborting.abort(new Error('left the page')),
    });
    await expect(writing).rejects.toMatchObject({ code: 'ABORTED', cause: { message: 'left the page' } });
    return stream();
  }

  test('but is deleted, where the account may delete', async () => {
    const [owner, other] = [await connected(), await connected()];
    const stream = await broken(owner, groupFor(owner, 'reader').id);
    expect(stream.core.isDeleted).toBe(true);
    await owner.sync.whenConfirmed();
    const { states } = follow(other.files.watch(stream.id));
    await until(() => expect(states.at(-1)).toEqual({ state: 'unavailable' }));
    await expect(other.files.read(stream.id)).rejects.toMatchObject({ code: 'CO_VALUE_DELETED' });
  });

  test('but is marked as broken, where it may not', async () => {
    const [owner, writer] = [await connected(), await connected()];
    const group = groupFor(owner, 'writer');
    await owner.sync.whenConfirmed();
    const stream = await broken(writer, group.id);
    await writer.sync.whenConfirmed();
    const { states } = follow(owner.files.watch(stream.id));
    await until(() => expect(states.at(-1)).toEqual({ state: 'broken' }));
    await expect(owner.files.read(stream.id)).rejects.toMatchObject({
      code: 'CO_VALUE_UNREADABLE',
      details: { id: stream.id },
    });
  });

  test('at once, if its signal was aborted before', async () => {
    const owner = await person(false);
    const group = groupFor(owner);
    const create = vi.spyOn(group, 'createBinaryStream');
    const writing = owner.files.write(group, blobOf(10), { signal: AbortSignal.abort() });
    await expect(writing).rejects.toMatchObject({ code: 'ABORTED' });
    expect(create).not.toHaveBeenCalled();
  });

  test('but not after all of it was written: the file is whole', async () => {
    const owner = await person(false);
    const aborting = new AbortController();
    const options = { signal: aborting.signal, onProgress: () => aborting.abort() };
    const { id } = await owner.files.write(groupFor(owner), blobOf(10), options);
    expect((await owner.files.read(id)).size).toBe(10);
  });

  test('if the browser cannot read what was chosen', async () => {
    const owner = await person(false);
    const group = groupFor(owner);
    const stream = nextStream(group);
    const blob = blobOf(2 * chunkBytes);
    const cause = new DOMException('', 'NotReadableError');
    const slice = vi
      .spyOn(blob, 'slice')
      .mockReturnValue(Object.assign(new Blob(), { arrayBuffer: () => Promise.reject(cause) }));
    await expect(owner.files.write(group, blob)).rejects.toMatchObject({ code: 'FILE_UNREADABLE', cause });
    expect(slice).toHaveBeenCalled();
    expect(stream().core.isDeleted).toBe(true);
  });
});

describe('[FILE-4] a watched file', () => {
  test('is loading, with what has arrived and what is to come, until its writer ends it', async () => {
    const [owner, member] = [await connected(), await connected()];
    const stream = streamOf(owner, groupFor(owner, 'reader'));
    stream.startBinaryStream({ mimeType: 'image/png', totalSizeBytes: 20 });
    stream.pushBinaryStreamChunk(new Uint8Array(5));
    await owner.sync.whenConfirmed();
    const { states } = follow(member.files.watch(stream.id));
    await until(() => expect(states.at(-1)).toEqual({ state: 'loading', received: 5, total: 20 }));
    stream.pushBinaryStreamChunk(new Uint8Array(15));
    await until(() => expect(states.at(-1)).toEqual({ state: 'loading', received: 20, total: 20 }));
    stream.endBinaryStream();
    await until(() => expect(states.at(-1)?.state).toBe('ready'));
  });

  test('is unavailable until a device uploads it', async () => {
    const [owner, member] = [await connected(), await connected()];
    owner.sync.pause();
    const { id } = await owner.files.write(groupFor(owner, 'reader'), blobOf(10));
    const { states } = follow(member.files.watch(id));
    await until(() => expect(states.at(-1)).toEqual({ state: 'unavailable' }));
    owner.sync.resume();
    await until(() => expect(states.at(-1)?.state).toBe('ready'));
  });

  test('is unauthorized until the account may read it', async () => {
    const [owner, stranger] = [await connected(), await connected()];
    const group = groupFor(owner);
    const { id } = await owner.files.write(group, blobOf(10));
    await owner.sync.whenConfirmed();
    const { states } = follow(stranger.files.watch(id));
    await until(() => expect(states.at(-1)).toEqual({ state: 'unauthorized' }));
    group.addMember('everyone', 'reader');
    await until(() => expect(states.at(-1)?.state).toBe('ready'));
  });

  test('is unauthorized for a member who only writes, unless they wrote it', async () => {
    const [owner, writer] = [await connected(), await connected()];
    const group = groupFor(owner, 'writeOnly');
    const { id } = await owner.files.write(group, blobOf(10));
    await owner.sync.whenConfirmed();
    const { states } = follow(writer.files.watch(id));
    await until(() => expect(states.at(-1)).toEqual({ state: 'unauthorized' }));
    const own = await writer.files.write(group.id, blobOf(10));
    expect((await writer.files.read(own.id)).size).toBe(10);
  });

  test('is broken if it is no file', async () => {
    const owner = await person(false);
    const group = groupFor(owner);
    for (const id of [
      group.id,
      group.createMap({ a: 1 }).id,
      group.createStream(['a']).id,
      'javascript:alert(1)',
    ]) {
      const { states } = follow(owner.files.watch(id));
      await until(() => expect(states.at(-1)).toEqual({ state: 'broken' }));
    }
  });
});

describe('[FILE-8] a file that many subscribe to', () => {
  test('is built once, and its URL lives until the last has gone', async () => {
    const owner = await person(false);
    const files = owner.files;
    const { id } = await files.write(groupFor(owner), blobOf(10));
    const create = vi.spyOn(URL, 'createObjectURL');
    const revoke = vi.spyOn(URL, 'revokeObjectURL');
    const all = Array.from({ length: 100 }, () => follow(files.watch(id)));
    await until(() => expect(all.every(({ states }) => states.at(-1)?.state === 'ready')).toBe(true));
    expect(new Set(all.map(({ states }) => states.at(-1))).size).toBe(1);
    expect(create).toHaveBeenCalledOnce();
    const [first, ...others] = all;
    for (const one of others) one.end();
    first?.end();
    const again = follow(files.watch(id));
    expect(again.states.at(-1)).toBe(first?.states.at(-1));
    again.end();
    again.end();
    expect(revoke).not.toHaveBeenCalled();
    await until(() => expect(revoke).toHaveBeenCalledExactlyOnceWith(create.mock.results[0]?.value));
    expect(files.watch(id).current).toEqual({ state: 'loading', received: 0 });
    expect(create).toHaveBeenCalledOnce();
  });
});

describe('[FILE-10] a read ends', () => {
  test('as a load does, if the file does not come', async () => {
    const [owner, stranger] = [await connected(), await connected()];
    const { id } = await owner.files.write(groupFor(owner), blobOf(10));
    await owner.sync.whenConfirmed();
    await expect(stranger.files.read(id)).rejects.toMatchObject({ code: 'CO_VALUE_FORBIDDEN' });
    await expect(stranger.files.read(unknownID)).rejects.toMatchObject({ code: 'CO_VALUE_NOT_FOUND' });
    await expect(stranger.files.read('co_zl0st')).rejects.toMatchObject({ code: 'MESSAGE_INVALID' });
  });

  test('as a load does for a removed member, also while the file is shown', async () => {
    const [owner, member] = [await connected(), await connected()];
    const group = groupFor(owner);
    await owner.members(group).setRole(member.accountID, 'reader');
    const { id } = await owner.files.write(group, blobOf(10));
    await owner.sync.whenConfirmed();
    const { states, end } = follow(member.files.watch(id));
    await until(() => expect(states.at(-1)?.state).toBe('ready'));
    expect((await member.files.read(id)).size).toBe(10);
    const there = await member.load(id);
    await owner.members(group).remove(member.accountID);
    await until(() => expect(there.group.roleOf(member.account.id)).toBeUndefined());
    expect(states.at(-1)?.state).toBe('ready');
    await expect(member.files.read(id)).rejects.toMatchObject({ code: 'CO_VALUE_FORBIDDEN' });
    end();
  });

  test('by its signal, before and during', async () => {
    const session = await person(false);
    const aborting = new AbortController();
    const reading = session.files.read(unknownID, { signal: aborting.signal });
    aborting.abort();
    await expect(reading).rejects.toMatchObject({ code: 'ABORTED' });
    const late = session.files.read(unknownID, { signal: aborting.signal });
    await expect(late).rejects.toMatchObject({ code: 'ABORTED' });
  });

  test('by its time limit, with the reason', async () => {
    const session = await person(false);
    await expect(session.files.read(unknownID, { timeoutMs: 30 })).rejects.toMatchObject({
      code: 'TIMEOUT',
      details: { id: unknownID, timeoutMs: 30, because: 'sync-off' },
    });
    const stream = streamOf(session, groupFor(session));
    stream.startBinaryStream({ mimeType: '', totalSizeBytes: 1 });
    await expect(session.files.read(stream.id, { timeoutMs: 30 })).rejects.toMatchObject({
      details: { because: 'no-answer' },
    });
  });
});
