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
