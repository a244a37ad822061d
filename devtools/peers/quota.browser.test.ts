import { beforeEach, expect, it } from 'vitest';
import { page } from 'vitest/browser';
import { createAccountNode } from '../../test/support/session/account-node.ts';
import { createFakeSync, fakePeerID, type FakeSync } from '../../test/support/sync/fake-sync.ts';
import type { PeerStatus } from '../../src/sync/peer-status.ts';
import { mountOpenly, the } from '../panel-in-test.ts';

let root: ShadowRoot;
let sync: FakeSync;

beforeEach(async () => {
  localStorage.clear();
  await page.viewport(1280, 800);
  sync = createFakeSync(await createAccountNode(), Date.now());
  ({ root } = mountOpenly({ target: sync, open: true }));
  the(root, '[role=tab]', 'Peers').click();
});

const quotaLine = () => {
  const labels = [...root.querySelectorAll<HTMLElement>('.peer dt')];
  const label = labels.find((one) => one.innerText.trim() === 'Quota');
  const value = label?.nextElementSibling;
  return value instanceof HTMLElement
    ? { words: value.innerText.trim(), isWarning: value.classList.contains('warn') }
    : undefined;
};

it('[CONN-24] a peer’s card shows the quota of the last sign-in in one line, and none without', async () => {
  const show = (quota?: PeerStatus['quota']) =>
    sync.setState({
      peers: [
        {
          id: fakePeerID,
          url: 'wss://relay.example/sync',
          phase: 'connected',
          sinceMs: 1,
          ...(quota && { quota }),
        },
      ],
    });
  show({ bytes: 50_000_000, usedBytes: 12_300_000, coValues: 2_000, usedCoValues: 340 });
  await expect
    .poll(quotaLine)
    .toEqual({ words: '12 MB of 50 MB, 340 of 2,000 CoValues at the last sign-in', isWarning: false });
  show({ usedBytes: 1, coValues: 2, usedCoValues: 2 });
  await expect.poll(quotaLine).toEqual({ words: '2 of 2 CoValues at the last sign-in', isWarning: true });
  show();
  await expect.poll(quotaLine).toBeUndefined();
});
