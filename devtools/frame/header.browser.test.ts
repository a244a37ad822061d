import { beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import { page } from 'vitest/browser';
import { createAccountNode } from '../../test/support/session/account-node.ts';
import { createFakeSync, unconfirmedEdits } from '../../test/support/sync/fake-sync.ts';
import { mountOpenly, the } from '../panel-in-test.ts';

let root: ShadowRoot;

beforeEach(async () => {
  localStorage.clear();
  await page.viewport(1280, 800);
  const sync = createFakeSync(await createAccountNode(), Date.now());
  sync.setUnsynced(unconfirmedEdits(1));
  ({ root } = mountOpenly({ target: sync, open: true }));
  onTestFinished(() => void vi.restoreAllMocks());
});

it('copies the bug report', async () => {
  const write = vi.spyOn(navigator.clipboard, 'writeText').mockResolvedValue();
  the(root, 'button', 'Copy for a bug report').click();
  await expect.poll(() => the(root, '[role=alert]').textContent).toContain('Report copied');
  expect(write.mock.calls.join()).toMatch(/^# Sync report\n\n`1 CoValue not confirmed/);
});

it('saves the bug report as a file if the browser does not allow copying', async () => {
  vi.spyOn(navigator.clipboard, 'writeText').mockRejectedValue(new Error('not focused'));
  const saved: string[] = [];
  vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(function (this: HTMLAnchorElement) {
    saved.push(this.download);
  });
  the(root, 'button', 'Copy for a bug report').click();
  await expect.poll(() => the(root, '[role=alert]').textContent).toContain('saved as a file');
  expect(saved).toEqual(['sync-report.md']);
});
