import { expect, it } from 'vitest';
import { silentLogger } from '../../base/logger.ts';
import { openNatsTransport } from './nats-transport.ts';

it('[SEC-10] a NATS password that is not URL-encoded is an invalid setting, and is not repeated', async () => {
  const on = { received() {}, interrupted() {}, resumed() {} };
  const opening = openNatsTransport('nats://me:hunter%@127.0.0.1:1', 'storage', on, silentLogger);
  const error: unknown = await opening.catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: 'RELAY_SETTING_INVALID' });
  expect(String(error)).not.toContain('hunter');
});
