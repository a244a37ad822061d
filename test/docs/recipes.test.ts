import type { RawCoStream } from 'cojson';
import { expect, it, onTestFinished } from 'vitest';
import { openMemoryDatabase } from '../../src/relay/relay.ts';
import { startTestRelay } from '../../src/testing/test-relay.ts';
import { createTestSession } from '../../src/testing/test-session.ts';
import { memoryTemplate } from '../support/relay/temporary-storage.ts';
import { until } from '../support/until.ts';
import { runExample } from './examples.ts';

async function openTwo() {
  const relay = await startTestRelay(async () => openMemoryDatabase({ template: await memoryTemplate() }));
  onTestFinished(() => relay.close());
  const open = async () => {
    const session = await createTestSession({ relayUrl: relay.url });
    onTestFinished(() => session.close());
    return session;
  };
  return [await open(), await open()] as const;
}

it('the documented log has each entry with its author and date', async () => {
  const { entriesOf } = runExample('entriesOf', {}, {}) as {
    entriesOf: (log: RawCoStream) => readonly { by: string; at: Date; value: unknown }[];
  };
  const { followLog } = runExample('followLog', {}, {}) as {
    followLog: (session: object, id: string, show: (log: RawCoStream) => void) => () => void;
  };
  const [ana, ben] = await openTwo();
  const group = ana.node.createGroup();
  group.addMember('everyone', 'writer');
  const log = group.createStream<RawCoStream>();
  log.push({ vote: 'yes' });
  await ana.sync.whenConfirmed();

  (await ben.load<RawCoStream>(log.id)).push({ vote: 'no' });
  let shown: readonly { by: string; at: Date; value: unknown }[] = [];
  onTestFinished(followLog(ana, log.id, (now) => void (shown = entriesOf(now))));
  await until(() =>
    expect(shown).toMatchObject([
      { by: ana.accountID, value: { vote: 'yes' } },
      { by: ben.accountID, value: { vote: 'no' } },
    ]),
  );
  expect(shown[0]?.at).toBeInstanceOf(Date);
  expect([...log.accounts()].toSorted()).toEqual([ana.accountID, ben.accountID].toSorted());
  expect(log.lastItemBy(ben.account.id)?.value).toEqual({ vote: 'no' });
});

it('the documented way hands a group over to a member', async () => {
  const { handOver } = runExample('handOver', {}, {}) as {
    handOver: (session: object, id: string, accountID: string) => Promise<void>;
  };
  const [ana, ben] = await openTwo();
  const map = ana.node.createGroup().createMap({ title: 'ours' });
  await ana.members(map).setRole(ben.accountID, 'reader');
  await handOver(ana, map.id, ben.accountID);
  await ana.sync.whenConfirmed();
  const there = await ben.load(map.id);
  const roles = () => [ana, ben].map(({ account }) => there.group.roleOf(account.id));
  await until(() => expect(roles()).toEqual([undefined, 'admin']));
});

it('the last admin can leave, and a manager then goes on without one, as documented', async () => {
  const [ana, ben] = await openTwo();
  const map = ana.node.createGroup().createMap({ title: 'ours' });
  await ana.members(map).setRole(ben.accountID, 'manager');
  await ana.members(map).remove(ana.accountID);
  await ana.sync.whenConfirmed();
  const members = ben.members(map.id);
  const { group } = await ben.load(map.id);
  await until(() => expect(group.roleOf(ana.account.id)).toBeUndefined());
  await members.setRole(ana.accountID, 'manager');
  await members.remove(ana.accountID);
  expect(() => group.addMember(ana.account, 'admin')).toThrow();
  const url = 'https://app.example/';
  await expect(ben.share(map.id, { role: 'manager', url })).rejects.toMatchObject({
    code: 'SHARE_FORBIDDEN',
  });
  expect((await ben.share(map.id, { role: 'writer', url })).link).toContain(url);
});
