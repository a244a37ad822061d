import { inspect } from 'node:util';
import type { RawCoMap } from 'cojson';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createPeople } from '../../../test/support/session/people.ts';
import { createTestSessions, type TestSessions } from '../../../test/support/session/test-sessions.ts';
import { systemClock } from '../../base/clock.ts';
import type { Session } from '../../session/session.ts';
import type { LinkRole, Share } from './sharing-types.ts';

let sessions: TestSessions;
let maker: Session;
let guest: Session;
const { connected } = createPeople(() => sessions);
const online = () => connected({ url: sessions.relay.url }, { clock: systemClock });

beforeAll(async () => {
  sessions = await createTestSessions();
  [maker, guest] = [await online(), await online()];
}, 120_000);
afterAll(() => sessions.end());

async function shared(role?: LinkRole): Promise<{ map: RawCoMap; share: Share; secret: string }> {
  const map = maker.node.createGroup().createMap({ title: 'ours' });
  const share = await maker.share(map, role && { role });
  await maker.sync.whenConfirmed();
  return { map, share, secret: share.link.slice(share.link.lastIndexOf('/') + 1) };
}

const invalid = (reason: string) => ({ code: 'INVITE_INVALID', details: { reason } });
const readKey = (map: RawCoMap) => map.group.get('readKey');

describe('[SHARE-2] a link gives its role', { timeout: 120_000 }, () => {
  test('once, however often it is opened, and from any page', async () => {
    const { map, share, secret } = await shared('writer');
    const joined = { id: map.id, groupID: map.group.id, role: 'writer', wasMember: false };
    const calls = [guest.acceptInvite(share.link), guest.acceptInvite({ id: map.id, secret })];
    expect(await Promise.all(calls)).toEqual([joined, joined]);
    const there = await guest.load(map.id);
    expect(there.get('title')).toBe('ours');
    there.set('title', 'theirs');
    const again = new URL(
      share.link.replace('https://app.example', 'http://localhost:1').replace('#/', '#/list/'),
    );
    expect(await guest.acceptInvite(again)).toEqual({ ...joined, wasMember: true });
    await guest.sync.whenConfirmed();
    expect(await maker.acceptInvite(share.link)).toEqual({ ...joined, role: 'admin', wasMember: true });
  });

  test('of writeOnly to somebody whom the group has removed', async () => {
    const { map, share } = await shared('writer');
    await guest.acceptInvite(share.link);
    await guest.sync.whenConfirmed();
    await maker.members(map).remove(guest.accountID);
    const { link } = await maker.share(map, { role: 'writeOnly' });
    await maker.sync.whenConfirmed();
    expect(await guest.acceptInvite(link)).toMatchObject({ role: 'writeOnly', wasMember: false });
  });
});

test('[SHARE-3] a link lowers no role, and raises one', { timeout: 120_000 }, async () => {
  const { map, share } = await shared('reader');
  const { link } = await maker.share(map, { role: 'writer' });
  await maker.sync.whenConfirmed();
  expect(await guest.acceptInvite(share.link)).toMatchObject({ role: 'reader', wasMember: false });
  expect(await guest.acceptInvite(link)).toMatchObject({ role: 'writer', wasMember: true });
  expect(await guest.acceptInvite(share.link)).toMatchObject({ role: 'writer', wasMember: true });
});

describe('[SHARE-4] a link that opens nothing rejects with the reason', { timeout: 120_000 }, () => {
  test('if it was revoked, and the others go on', async () => {
    const { map, share } = await shared('writer');
    const other = await maker.share(map, { role: 'reader' });
    const before = readKey(map);
    await share.revoke();
    const after = readKey(map);
    await share.revoke();
    expect(after).not.toBe(before);
    expect(readKey(map)).toBe(after);
    await maker.sync.whenConfirmed();
    await expect(guest.acceptInvite(share.link)).rejects.toMatchObject(invalid('revoked'));
    expect(await guest.acceptInvite(other.link)).toMatchObject({ role: 'reader' });
    expect((await guest.load(map.id)).get('title')).toBe('ours');
    // Its address may be bookmarked.
    expect(await guest.acceptInvite(share.link)).toMatchObject({ role: 'reader', wasMember: true });
  });

  test('if the group does not know it', async () => {
    const [{ map }, { secret }] = [await shared(), await shared()];
    const calling = guest.acceptInvite({ id: map.id, secret }, { timeoutMs: 4_000 });
    await expect(calling).rejects.toMatchObject(invalid('unknown'));
  });

  test.each([
    ['without a secret', (link: string) => link.slice(0, link.lastIndexOf('/')), 'missing'],
    ['cut off', (link: string) => link.slice(0, -9), 'missing'],
    ['cut off in the ID', (link: string) => link.slice(0, link.indexOf('/co_z') + 9), 'missing'],
    ['edited', (link: string) => link.replace(/.$/, '0'), 'edited'],
    ['of another page', () => 'https://app.example/#/list', 'no invite'],
  ])('if it is %s, without the secret', async (_, change, words) => {
    const secret = `inviteSecret_z${'2'.repeat(30)}7Kd83pQvLr5eY`;
    const link = `https://app.example/#/invite/co_zT9hQm2VbXw7aaaaaaaaaaa/${secret}`;
    const error: unknown = await guest.acceptInvite(change(link)).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ ...invalid('form'), message: expect.stringContaining(words) as string });
    expect(inspect(error, { depth: 10 })).not.toContain('2222');
  });
});

describe('[SHARE-5] an invite waits', { timeout: 120_000 }, () => {
  test('until its maker has uploaded it', async () => {
    const { map } = await shared();
    maker.sync.pause();
    const { link } = await maker.share(map, { role: 'reader' });
    const joining = guest.acceptInvite(link, { timeoutMs: 60_000 });
    await guest.load(map.group.id);
    maker.sync.resume();
    expect(await joining).toMatchObject({ role: 'reader', wasMember: false });
  });

  test('until its maker has uploaded the value, too', async () => {
    maker.sync.pause();
    const map = maker.node.createGroup().createMap({ title: 'late' });
    const { link } = await maker.share(map);
    const missing = { code: 'CO_VALUE_NOT_FOUND' };
    await expect(guest.acceptInvite(link, { timeoutMs: 500 })).rejects.toMatchObject(missing);
    const joining = guest.acceptInvite(link, { timeoutMs: 60_000 });
    await expect(guest.load(map.id)).rejects.toMatchObject(missing);
    maker.sync.resume();
    expect(await joining).toMatchObject({ role: 'writer', wasMember: false });
  });

  test('without a network, although the account is a member', async () => {
    const { map, share } = await shared('reader');
    await guest.acceptInvite(share.link);
    guest.sync.pause();
    const { link } = await maker.share(map, { role: 'writer' });
    const late = guest.acceptInvite(link, { timeoutMs: 500 });
    await expect(late).rejects.toMatchObject({ code: 'TIMEOUT', details: { because: 'offline' } });
    guest.sync.resume();
  });

  test('and ends at its time limit without a network, with the reason, and on its signal', async () => {
    const { share } = await shared();
    guest.sync.pause();
    const late = guest.acceptInvite(share.link, { timeoutMs: 500 });
    await expect(late).rejects.toMatchObject({ code: 'TIMEOUT', details: { because: 'offline' } });
    const stop = new AbortController();
    const stopped = guest.acceptInvite(share.link, { signal: stop.signal });
    const other = guest.acceptInvite(share.link);
    stop.abort();
    await expect(stopped).rejects.toMatchObject({ code: 'ABORTED' });
    guest.sync.resume();
    expect(await other).toMatchObject({ role: 'writer' });
  });
});
