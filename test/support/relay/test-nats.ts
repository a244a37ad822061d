import { connect } from 'node:net';
import { describe } from 'vitest';

export const natsUrl = process.env['MAIA_TEST_NATS'] ?? 'nats://127.0.0.1:4222';
const isRunning = await answers(new URL(natsUrl));
if (!isRunning && process.env['CI'] === 'true') {
  throw new Error(`No NATS answers at ${natsUrl}: start one, or set MAIA_TEST_NATS to another address.`);
}

/** Skips the tests, with a title that says why, if no NATS answers. */
export function describeNats(name: string, describeTests: () => void): void {
  const reason = `, skipped: no NATS answers at ${natsUrl}; MAIA_TEST_NATS sets another address`;
  describe.skipIf(!isRunning)(isRunning ? name : name + reason, describeTests);
}

export function answers({ hostname, port }: URL): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    const end = (isThere: boolean) => {
      socket.destroy();
      resolve(isThere);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
    socket.setTimeout(2_000, () => end(false));
  });
}
