import type { RawAccount } from 'cojson';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createStockClient } from '../../../test/support/relay/stock-client.ts';
import { openRelay } from '../../../test/support/relay/test-relay.ts';
import { createPeople } from '../../../test/support/session/people.ts';
import { addMember } from '../../../test/support/session/test-names.ts';
import { createTestSessions, type TestSessions } from '../../../test/support/session/test-sessions.ts';
import { until } from '../../../test/support/until.ts';
import { systemClock } from '../../base/clock.ts';

// Members change groups with changed clients.

let sessions: TestSessions;
beforeEach(async () => {
  sessions = await createTestSessions();
});
afterEach(() => sessions.end());

const { connected } = createPeople(() => sessions);

test('[SHARE-7] an admin removes again whom only a manager has removed', async () => {
  const relay = await openRelay({ storage: 'memory:' });
  sessions.onEnd(() => relay.close());
  const online = () => connected({ url: relay.url }, { clock: systemClock });
  const [ana, ben, eve] = [await online(), await online(), await online()];
  const mallory = await createStockClient(relay.url);
  await mallory.syncManager.waitForAllCoValuesSync();
  const malloryID = mallory.expectCurrentAccount('').id;
  const group = ana.node.createGroup();
  group.addMember(await ana.load<RawAccount>(malloryID), 'manager');
  const atBen = await addMember(ana, group, ben, 'manager');
  const atMallory = await mallory.load(group.id);
  if (atMallory === 'unavailable') throw new Error('The group is unavailable.');
  await until(() => atMallory.myRole() === 'manager');
  const whileManagerMs = Date.now();
  await until(() => Date.now() > whileManagerMs);

  await ben.members(group).remove(malloryID);
  await until(() => group.get(malloryID) === 'revoked');
  await ana.members(group).remove(malloryID);
  const count = () => group.core.knownState().sessions[ana.node.currentSessionID];
  const before = count();
  // Once is enough.
  await ana.members(group).remove(malloryID);
  expect(count()).toBe(before);

  await mallory.load(eve.account.id);
  const entry = { op: 'set', key: eve.accountID, value: 'manager' };
  atMallory.core.makeTransaction([entry], 'trusting', undefined, whileManagerMs);
  const { sessions: written } = atMallory.core.knownState();
  const all = written[mallory.currentSessionID];
  await until(() => expect(group.core.knownState().sessions[mallory.currentSessionID]).toBe(all));
  expect(group.get(eve.account.id)).toBeUndefined();
  await until(() => expect(atBen.core.knownState()).toEqual(group.core.knownState()));
  expect(atBen.get(eve.account.id)).toBeUndefined();
});
