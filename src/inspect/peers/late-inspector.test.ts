import { expect, it, onTestFinished } from 'vitest';
import { createKernelError } from '../../base/kernel-error.ts';
import { silentLogger } from '../../base/logger.ts';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { createNodePlatform } from '../../../test/support/platform/node-platform.ts';
import { createAgentNode } from '../../../test/support/sync/stock-relay.ts';
import { testHello } from '../../../test/support/transport/test-hello.ts';
import { until } from '../../../test/support/until.ts';
import type { ChannelEvents, Transport } from '../../transport/transport.ts';
import { foreignStorageStatus } from '../../sync/begin-sync.ts';
import { startSync } from '../../sync/start-sync.ts';
import { createInspector } from '../create-inspector.ts';

const host = 'relay.example';
const unreachable = () =>
  createKernelError('RELAY_UNREACHABLE', 'The WebSocket failed.', { details: { host } });

/** A sync that was connected. Its inspectors are created later. */
async function connectedSync() {
  const clock = createFakeClock();
  let channel: ChannelEvents | undefined;
  let isDown = false;
  const transport: Transport = {
    name: 'websocket',
    open(_, on) {
      channel = on;
      queueMicrotask(() => {
        if (isDown) return on.closed(unreachable());
        on.opened();
        on.received(JSON.stringify(testHello));
      });
      return { send: () => {}, bufferedBytes: 0, close: () => {} };
    },
  };
  const node = await createAgentNode();
  const sync = startSync({
    node,
    sync: { url: `ws://${host}/sync`, transports: [transport] },
    storage: { status: foreignStorageStatus(node) },
    platform: { ...createNodePlatform(), clock },
    logger: silentLogger,
  });
  onTestFinished(() => sync.close());
  const untilPhase = (phase: string) => until(() => expect(sync.current.peers[0]?.phase).toBe(phase));
  await untilPhase('connected');
  return {
    clock,
    untilPhase,
    goDown() {
      isDown = true;
      channel?.closed(unreachable());
    },
    /** As the documented recipe does: create an inspector, read, close. */
    read() {
      const inspector = createInspector(sync, { clock });
      const [relay] = inspector.snapshot().peers;
      inspector.close();
      return relay;
    },
  };
}

it('knows that a connection ended before it was created, and when', async () => {
  const { clock, read, goDown, untilPhase } = await connectedSync();
  clock.advance(3_000);
  const endedMs = clock.nowMs();
  goDown();
  await untilPhase('waiting');
  clock.advance(100);
  clock.jump(3_600_000);
  expect(read()).toMatchObject({
    disconnectedSinceMs: endedMs + 3_600_000,
    outage: { kind: 'connection-lost' },
  });
});

it('knows how long a relay was unreachable, and why, even while an attempt is running', async () => {
  const { clock, read, goDown, untilPhase } = await connectedSync();
  const endedMs = clock.nowMs();
  goDown();
  const attempts = new Set<number>();
  await until(() => {
    clock.advance(1_000);
    const { attempt = 0 } = read() ?? {};
    attempts.add(attempt);
    expect(attempts.size).toBeGreaterThan(2);
  });
  await untilPhase('waiting');
  const unreached = { disconnectedSinceMs: endedMs, outage: { kind: 'unreachable' } };
  expect(read()).toMatchObject({ ...unreached, phase: 'waiting' });
  clock.advance((read()?.retryAtMs ?? 0) - clock.nowMs());
  expect(read()).toMatchObject({ ...unreached, phase: 'connecting' });
});

it.each([-3_600_000, 0, 10_800_000])(
  'knows how long a relay has been silent, although someone set the clock by %i ms',
  async (jumpMs) => {
    const { clock, read } = await connectedSync();
    clock.advance(3_000);
    clock.jump(jumpMs);
    expect(read()).not.toHaveProperty('outage');
    clock.advance(5_500);
    expect(read()).toMatchObject({ outage: { kind: 'relay-silent', sinceMs: clock.nowMs() - 8_500 } });
  },
);
