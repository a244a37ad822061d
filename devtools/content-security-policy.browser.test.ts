import { expect, it } from 'vitest';
import { page } from 'vitest/browser';
import { createAccountNode } from '../test/support/session/account-node.ts';
import { createFakeSync, unconfirmedEdits } from '../test/support/sync/fake-sync.ts';
import { mountOpenly, the } from './panel-in-test.ts';

// In a file of its own: a policy stays with the document.
it('works where style sheets come from the page’s own origin only', async () => {
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

  // The policy is in force: what a panel usually does is refused.
  root.append(Object.assign(document.createElement('style'), { textContent: '.panel { color: red }' }));
  root.append(Object.assign(document.createElement('div'), { innerHTML: '<p style="color: red"></p>' }));
  await expect.poll(() => refused).toEqual(['style-src-elem', 'style-src-attr']);
});
