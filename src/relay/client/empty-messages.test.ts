import { once } from 'node:events';
import { expect, it } from 'vitest';
import { openRawClient } from '../../../test/support/relay/raw-client.ts';
import { startRelay } from '../../../test/support/relay/test-relay.ts';

it('[RELAY-55] empty messages count for what a client may send before it is in', async () => {
  const relay = await startRelay({ storage: 'memory:', auth: { account: true } });
  const client = await openRawClient(relay.url);
  for (let count = 0; count < 20 && client.closeCode === undefined; count++) {
    client.send('\n'.repeat(10_000));
    client.socket.ping();
    await Promise.race([once(client.socket, 'pong'), once(client.socket, 'close')]);
  }
  expect(client.received.at(-1)).toMatchObject({ maia: 'refused', closing: true });
});
