import { beforeEach, expect, it } from 'vitest';
import { page } from 'vitest/browser';
import { createKernelError } from '../../src/base/kernel-error.ts';
import { createAccountNode } from '../../test/support/session/account-node.ts';
import {
  closedChannel,
  createFakeSync,
  fakePeerID,
  unconfirmedEdits,
} from '../../test/support/sync/fake-sync.ts';
import { mountOpenly, the } from '../panel-in-test.ts';

let root: ShadowRoot;

beforeEach(async () => {
  localStorage.clear();
  await page.viewport(1280, 800);
  const sync = createFakeSync(await createAccountNode(), Date.now());
  ({ root } = mountOpenly({ target: sync, open: true }));
  const details = { code: 1006, reason: '', host: 'relay.example' };
  const error = createKernelError('RELAY_UNREACHABLE', 'Could not reach it.', { details });
  const atMs = Date.now();
  sync.frame({ kind: 'closed', peerID: fakePeerID, atMs, ...closedChannel, error });
  sync.setUnsynced(unconfirmedEdits(1));
  sync.setState({
    peers: [
      {
        id: fakePeerID,
        url: closedChannel.url,
        phase: 'waiting',
        attempt: 1,
        retryAtMs: atMs + 60_000,
        error,
      },
    ],
  });
});

it.each([
  ['Unsynced', '.detail'],
  ['Peers', '.peer'],
])(
  '%s shows which request failed, when, what answered, and when it will be repeated',
  async (view, place) => {
    the(root, '[role=tab]', view).click();
    await expect.poll(() => root.querySelector(`${place} summary`)?.textContent).toBe('1 failed request');
    the(root, `${place} summary`).click();
    const words = the(root, `${place} details`).innerText.replaceAll(/\s+/g, ' ');
    expect(words).toMatch(
      /Request WebSocket wss:\/\/relay\.example\/sync Failed at \d\d:\d\d:\d\d Answer not opened, close code 1006 \(no closing handshake\) Next attempt in /,
    );
  },
);
