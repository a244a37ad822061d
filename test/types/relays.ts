// Misuse of the relay, the plugin and the test helpers that the public types reject. `tsc` checks this file; nothing
// runs it.
import { createRelay, type Relay } from '@MaiaOS/kernel/relay';
import { createFakeClock, faultyTransport } from '@MaiaOS/kernel/testing';
import { maiaKernel } from '@MaiaOS/kernel/vite';
import { webSocketTransport } from '@MaiaOS/kernel';
import { LocalNode } from '@MaiaOS/kernel/cojson';

export async function relay(running: Relay) {
  // @ts-expect-error: a port is a number.
  await createRelay({ port: '4203' });
  // @ts-expect-error: storage is an address, such as 'memory:'.
  await createRelay({ storage: { kind: 'memory' } });
  // @ts-expect-error: the limit is `connections`.
  await createRelay({ limits: { clients: 10 } });
  // @ts-expect-error: origins are a list.
  await createRelay({ origins: 'https://app.example' });
  // @ts-expect-error: an agent needs its secret.
  await createRelay({ agent: { accountID: 'co_zAgent' } });
  // @ts-expect-error: starting a relay has to be awaited.
  void createRelay().port;
  // @ts-expect-error: it is readonly.
  running.port = 4204;
  // @ts-expect-error: the method is `close`.
  await running.stop();
}

export function plugin() {
  // @ts-expect-error: the plugin starts a relay with the relay's options.
  maiaKernel({ relay: 'memory:' });
  // @ts-expect-error: the panel is on or off.
  maiaKernel({ devtools: 'open' });
}

export function testing() {
  const transport = webSocketTransport();
  // @ts-expect-error: faults need a plan.
  faultyTransport(transport);
  // @ts-expect-error: a plan needs a seed.
  faultyTransport(transport, { up: { close: 0.1 } });
  // @ts-expect-error: a span is a number or a pair.
  faultyTransport(transport, { seed: 1, lifeMs: [1, 2, 3] });
  // @ts-expect-error: `advance` takes a number of milliseconds.
  createFakeClock().advance('1 s');
  // @ts-expect-error: the number of waiting timers is readonly.
  createFakeClock().waiting = 0;
}

export function cojson(node: LocalNode) {
  // @ts-expect-error: a CoValue's ID starts with `co_z`.
  void node.load('map');
  // @ts-expect-error: a node is created with an account.
  return new LocalNode();
}
