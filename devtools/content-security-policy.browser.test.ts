import { expect, it } from 'vitest';
import { page } from 'vitest/browser';
import { createAccountNode } from '../test/support/session/account-node.ts';
import { createFakeSync, unconfirmedEdits } from '../test/support/sync/fake-sync.ts';
import { mountOpenly, the } from './panel-in-test.ts';

// In its own file, because a policy applies to the whole document.
it("works under a policy of style-src 'self'", async () => {
  const policy = document.createElement('meta');
  policy.httpEquiv = 'Content-Security-Policy';
  policy.content = "style-src 'self'";
  document.head.append(policy);
  const refused: string[] = [];
  document.addEventListener('securitypolicyviolation', (event) => refused.push(event.effectiveDirective));

  localStorage.clear();
  await page.viewport(1280, 800);
  const sync = createFakeSync(await createAccountNode(), Date.now());
  sync.setUnsynced(unconfirmedEdits(5_000));
  const { root } = mountOpenly({ target: sync, open: true });
  const panel = the(root, '.panel');
  expect(getComputedStyle(panel).position).toBe('fixed');
  the(root, '.grip').dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowUp', bubbles: true }));
  await expect.poll(() => panel.offsetHeight).toBe(432);
  const grid = the(root, '[role=grid]');
  grid.scrollTop = 10_000;
  await expect.poll(() => the(root, '.window').style.transform).toMatch(/translateY\([1-9]/);
  for (const view of ['Queues', 'Peers']) {
    the(root, '[role=tab]', view).click();
    await expect.poll(() => the(root, '[role=tab][aria-selected=true]').textContent).toContain(view);
  }
  expect(refused).toEqual([]);

  // Check that the policy is in force: it blocks inline styles.
  root.append(Object.assign(document.createElement('style'), { textContent: '.panel { color: red }' }));
  root.append(Object.assign(document.createElement('div'), { innerHTML: '<p style="color: red"></p>' }));
  await expect.poll(() => refused).toEqual(['style-src-elem', 'style-src-attr']);
});
