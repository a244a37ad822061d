import type { openPostgresTransport as original } from '../../../src/relay/bus/postgres-transport.ts';

/** Notifies only this relay, which does not start otherwise. */
export const openPostgresTransport: typeof original = (_listen, _topic, on) =>
  Promise.resolve({
    maxBytes: 7_900,
    send(text) {
      setImmediate(() => on.received(text));
      return Promise.resolve();
    },
    close() {},
  });

export function notifyRenewal(): Promise<void> {
  return Promise.resolve();
}
