import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createPeople } from '../../../test/support/session/people.ts';
import { createTestSessions, type TestSessions } from '../../../test/support/session/test-sessions.ts';

let sessions: TestSessions;
beforeEach(async () => {
  sessions = await createTestSessions();
});
afterEach(() => sessions.end());

const { person, connected } = createPeople(() => sessions);

describe('[SHARE-1] a link', () => {
  test('is this page with the whole invite after #, without its query', async () => {
    const page = { ...sessions.device().page, url: new URL('https://app.example/notes?from=mail#list') };
    const session = await person(false, { page });
    const map = session.node.createGroup().createMap({ title: 'ours' });
    const { link, ...share } = await session.share(map);
    expect(link).toMatch(
      new RegExp(`^https://app\\.example/notes#/invite/${map.id}/inviteSecret_z[1-9A-HJ-NP-Za-km-z]{40,44}$`),
    );
    expect(share).toMatchObject({ id: map.id, groupID: map.group.id, role: 'writer' });
  });

  test('opens the page that the app names', async () => {
    const session = await person(false);
    const map = session.node.createGroup().createMap();
    const { link } = await session.share(map.id, { url: 'https://other.example/?x=1#y' });
    expect(link).toContain('https://other.example/#/invite/co_z');
    await expect(session.share(map, { url: 'other' })).rejects.toThrow(/`url`/);
  });
});

test('shares the group of a value that is itself a group', async () => {
  const session = await connected();
  const group = session.node.createGroup();
  expect(await session.share(group)).toMatchObject({ id: group.id, groupID: group.id });
});

test('[SHARE-10] a group that was made by a clock a year ahead is not shared, and the error says why', async () => {
  const [session, other] = [await connected(), await connected()];
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 365 * 86_400_000 });
  const group = session.node.createGroup();
  vi.useRealTimers();
  const error = {
    code: 'EDIT_NOT_COUNTED',
    message: expect.stringContaining('clock') as string,
    details: { ids: [group.id] },
  };
  await expect(session.share(group)).rejects.toMatchObject(error);
  const list = session.members(group);
  await expect(list.setRole(other.accountID, 'reader')).rejects.toMatchObject(error);
  await expect(list.remove(other.accountID)).rejects.toMatchObject(error);
});
