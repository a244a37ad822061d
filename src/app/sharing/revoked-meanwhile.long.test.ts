import type { RawGroup } from 'cojson';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { openRelay } from '../../../test/support/relay/test-relay.ts';
import { createPeople } from '../../../test/support/session/people.ts';
import { createTestSessions, type TestSessions } from '../../../test/support/session/test-sessions.ts';
import { untilConfirmed } from '../../../test/support/session/until-session.ts';
import { until } from '../../../test/support/until.ts';
import { systemClock } from '../../base/clock.ts';
import type { Relay } from '../../relay/index.ts';
import type { Session } from '../../session/session.ts';

let sessions: TestSessions;
let relay: Relay;
const { connected } = createPeople(() => sessions);
const online = () => connected({ url: relay.url.replace('http', 'ws') }, { clock: systemClock });

beforeAll(async () => {
  sessions = await createTestSessions();
  relay = await openRelay({ drainMs: 0 });
  sessions.onEnd(() => relay.close());
});
afterAll(() => sessions.end());

/** Goes offline as soon as the group names the account as a member. */
async function acceptAndPause(guest: Session, group: RawGroup, link: string): Promise<unknown> {
  const stop = group.subscribe(() => {
    if (group.get(guest.account.id)) guest.sync.pause();
  });
  const joined = await guest.acceptInvite(link);
  stop();
  return joined;
}

test('[SHARE-11] a link that is revoked before the relay has its acceptance leaves nothing unsynced', async () => {
  const [maker, guest] = [await online(), await online()];
  await guest.rename('Grace');
  await guest.sync.whenConfirmed();
  const { group } = maker.node.createGroup().createMap({ title: 'ours' });
  const { link, revoke } = await maker.share(group);
  await maker.sync.whenConfirmed();
  const there = await guest.load<RawGroup>(group.id);
  expect(await acceptAndPause(guest, there, link)).toMatchObject({ role: 'writer' });
  await revoke();
  await maker.sync.whenConfirmed();
  const dropped = vi.fn();
  guest.sync.on('dropped', dropped);
  guest.sync.resume();
  // The relay waits for what may give the role.
  await until(() => expect(dropped).toHaveBeenCalledOnce());
  expect(dropped.mock.lastCall).toMatchObject([{ id: group.id }]);
  await untilConfirmed(guest);
  expect(group.roleOf(guest.account.id)).toBeUndefined();
  const again = guest.acceptInvite(link);
  await expect(again).rejects.toMatchObject({ code: 'INVITE_INVALID', details: { reason: 'revoked' } });
});
