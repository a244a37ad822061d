import { expect, it } from 'vitest';
import { openIdentityServer } from '../../../test/support/auth/identity-server.ts';
import { createSigningKey, signToken } from '../../../test/support/auth/signing-key.ts';
import { openRawClient } from '../../../test/support/relay/raw-client.ts';
import { startRelay } from '../../../test/support/relay/test-relay.ts';

it('[RELAY-57] that the relay cannot read the keys does not count against its clients', async () => {
  const key = await createSigningKey('key');
  const identity = await openIdentityServer(key);
  identity.answer((response) => void response.writeHead(503).end());
  const relay = await startRelay({
    storage: 'memory:',
    auth: { jwksUrl: identity.url },
    limits: { failedSignInsPerMinute: 3 },
  });
  const token = await signToken(key);
  for (let count = 0; count < 3; count++) {
    const client = await openRawClient(relay.url);
    client.send({ maia: 'auth', method: 'jwt', token });
    await client.waitFor({ maia: 'refused', code: 'unauthorized' });
  }
  const next = await openRawClient(relay.url);
  expect(next.received[0]).toMatchObject({ maia: 'hello' });
});
