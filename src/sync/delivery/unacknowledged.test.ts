import type { SyncMessage } from 'cojson';
import { expect, it } from 'vitest';
import { createAgentNode } from '../../../test/support/sync/stock-relay.ts';
import { createUnacknowledged } from './unacknowledged.ts';

it('counts content messages until the relay’s known state covers them', async () => {
  const map = (await createAgentNode()).createGroup().createMap();
  const content = (key: string): SyncMessage => {
    const before = map.core.knownState();
    map.set(key, 1);
    const [message] = map.core.newContentSince(before) ?? [];
    if (!message) throw new Error('An edit is content.');
    return message;
  };
  const unacknowledged = createUnacknowledged();
  unacknowledged.sent(content('a'));
  const afterFirst = map.core.knownState();
  unacknowledged.sent(content('b'));
  unacknowledged.sent({ action: 'load', ...afterFirst });
  expect(unacknowledged.count).toBe(2);
  unacknowledged.handled({ action: 'known', ...afterFirst });
  expect(unacknowledged.count).toBe(1);
  unacknowledged.handled({ action: 'known', ...map.core.knownState() });
  expect(unacknowledged.count).toBe(0);
  unacknowledged.sent(content('c'));
  unacknowledged.lost();
  expect(unacknowledged.count).toBe(0);
});

it('counts a message as acknowledged once all its sessions are, also in several acknowledgements', () => {
  const id = 'co_zMap';
  const session = { after: 0, newTransactions: [{} as never], lastSignature: 'signature_z1' } as const;
  const content = {
    action: 'content',
    id,
    priority: 3,
    new: { co_zA_session_z1: session, co_zA_session_z2: session },
  };
  const part = (sessionID: string) =>
    ({ action: 'known', id, header: true, sessions: { [sessionID]: 1 }, partial: true }) as SyncMessage;
  const unacknowledged = createUnacknowledged();
  unacknowledged.sent(content as SyncMessage);
  unacknowledged.handled(part('co_zA_session_z1'));
  expect(unacknowledged.has(id)).toBe(true);
  unacknowledged.handled(part('co_zA_session_z2'));
  expect([unacknowledged.has(id), unacknowledged.count]).toEqual([false, 0]);
});
