import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import { expect, it, onTestFinished, vi } from 'vitest';
import { openRawClient } from '../../../test/support/relay/raw-client.ts';
import { accountOf, changesOf, push } from '../../../test/support/relay/stateless-client.ts';
import { createClientNode } from '../../../test/support/relay/stock-client.ts';
import { startRelay } from '../../../test/support/relay/test-relay.ts';

/** WebAssembly fails when it checks transactions of these CoValues, as it does when its memory is exhausted. */
function failFor(ids: ReadonlySet<string>): void {
  const original = Object.getOwnPropertyDescriptor(WasmCrypto.prototype, 'createSessionMap');
  if (!original) throw new Error('cojson creates its session maps elsewhere.');
  const create = original.value as WasmCrypto['createSessionMap'];
  vi.spyOn(WasmCrypto.prototype, 'createSessionMap').mockImplementation(function (this: WasmCrypto, ...args) {
    const map = create.apply(this, args);
    const add = map.addTransactions.bind(map);
    map.addTransactions = (...transactions) => {
      if (ids.has(args[0])) throw new WebAssembly.RuntimeError('unreachable');
      add(...transactions);
    };
    return map;
  });
  onTestFinished(() => void vi.restoreAllMocks());
}

it('[RELAY-31] a failure of WebAssembly is refused as the relay’s own, and never as a fork', async () => {
  const failing = new Set<string>();
  failFor(failing);
  const relay = await startRelay({ storage: 'memory:' });
  const writer = await createClientNode();
  const map = writer.createGroup().createMap({ word: 'first' });
  const account = writer.getCoValue(writer.expectCurrentAccountID('test'));
  const [client, bystander] = [await openRawClient(relay.url), await openRawClient(relay.url)];
  failing.add(map.id);
  for (const core of [account, map.group.core, map.core]) {
    for (const content of core.newContentSince(undefined) ?? []) client.send(content);
  }
  for (const { waitFor } of [client, bystander]) {
    await waitFor({ maia: 'refused', code: 'storage', closing: true });
  }
  expect(await relay.failed).toBeInstanceOf(WebAssembly.RuntimeError);
  const codes = client.received.filter(({ maia }) => maia === 'refused').map(({ code }) => code);
  expect(codes).toEqual(['storage']);
  expect(client.received.filter(({ action, id }) => action === 'known' && id === map.id)).toEqual([]);
  const live = await fetch(`${relay.url}/health/live`);
  expect([live.status, await live.json()]).toEqual([503, { reasons: ['ending'] }]);
  const late = await openRawClient(relay.url);
  await late.waitFor({ maia: 'refused', code: 'storage', closing: true });
});

it('[RELAY-31] a push during a failure of WebAssembly is refused as the relay’s own fault, too', async () => {
  const failing = new Set<string>();
  failFor(failing);
  const relay = await startRelay({ storage: 'memory:' });
  const writer = await createClientNode();
  const map = writer.createGroup().createMap({ word: 'first' });
  failing.add(map.id);
  const changes = changesOf(writer, accountOf(writer), map.group, map);
  for (let count = 0; count < 2; count++)
    expect(await push(relay.url, changes)).toMatchObject({
      status: 503,
      body: { error: { code: 'storage' } },
    });
  expect(await relay.failed).toBeInstanceOf(WebAssembly.RuntimeError);
});
