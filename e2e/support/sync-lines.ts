import type { Page } from '@playwright/test';

/** Records each text of the sync line from the next page load on, across reloads of the same origin. */
export async function recordSyncLines(page: Page): Promise<{ read(): Promise<string[]> }> {
  await page.addInitScript(() => {
    const key = 'e2e-sync-lines';
    const note = () => {
      const text = document.querySelector('[data-sync]')?.textContent.trim();
      const lines = JSON.parse(sessionStorage.getItem(key) ?? '[]') as string[];
      if (text && lines.at(-1) !== text) sessionStorage.setItem(key, JSON.stringify([...lines, text]));
    };
    new MutationObserver(note).observe(document, { subtree: true, childList: true, characterData: true });
  });
  return {
    read: () => page.evaluate(() => JSON.parse(sessionStorage.getItem('e2e-sync-lines') ?? '[]') as string[]),
  };
}
