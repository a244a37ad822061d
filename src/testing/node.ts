import { openMemoryDatabase, requirePGlite } from '../relay/relay.ts';
import { startTestRelay, type TestRelay } from './test-relay.ts';

/**
 * Starts the package's relay in memory, on a free port of 127.0.0.1, for tests in Node. Rejects like `createRelay`. Close it
 * after the tests, or their process does not end.
 */
export async function createTestRelay(): Promise<TestRelay> {
  requirePGlite();
  return startTestRelay(openMemoryDatabase);
}

export type { TestRelay };
export { addVirtualPasskey } from './virtual-passkey.ts';
export type { SendCommand, VirtualPasskey, VirtualPasskeyOptions } from './virtual-passkey.ts';
