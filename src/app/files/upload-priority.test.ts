import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createPeople } from '../../../test/support/session/people.ts';
import { blobOf } from '../../../test/support/session/test-files.ts';
import { createTestSessions, type TestSessions } from '../../../test/support/session/test-sessions.ts';
import { systemClock } from '../../base/clock.ts';
import { faultyTransport } from '../../transport/faulty-transport.ts';
import { webSocketTransport } from '../../transport/ordinary-transports.ts';
import { chunkBytes } from './file-limits.ts';

let sessions: TestSessions;
beforeEach(async () => {
  sessions = await createTestSessions();
});
afterEach(() => sessions.end());

const { connected } = createPeople(() => sessions);

test('[FILE-9] an edit that is made while a file is written or uploaded is confirmed before the file', async () => {
  // Slow, so that most of the file still waits on this device when the relay gets its beginning.
  const slow = faultyTransport(webSocketTransport(), { seed: 1, up: { charactersPerSecond: 500_000 } });
  const owner = await connected({ url: sessions.relay.url, transports: [slow] }, { clock: systemClock });
  const group = owner.node.createGroup();
  const map = group.createMap({ title: 'before' });
  await owner.sync.whenConfirmed();
  const order: string[] = [];
  const edited = async (what: string) => {
    map.set('title', what);
    await owner.sync.whenConfirmed(map.id);
    order.push(what);
  };
  owner.sync.pause();
  const edits: Promise<void>[] = [];
  const file = await owner.files.write(group, blobOf(30 * chunkBytes), {
    onProgress: (written) => void (written === 15 * chunkBytes && edits.push(edited('while it is written'))),
  });
  const { syncManager } = sessions.relay.node;
  const handle = syncManager.handleNewContent.bind(syncManager);
  vi.spyOn(syncManager, 'handleNewContent').mockImplementation((content, from) => {
    handle(content, from);
    if (content.id === file.id && edits.length === 1) edits.push(edited('while it is uploaded'));
  });
  owner.sync.resume();
  await owner.sync.whenConfirmed(file.id);
  order.push('file');
  expect(edits).toHaveLength(2);
  expect(order).toEqual(['while it is written', 'while it is uploaded', 'file']);
}, 150_000);
