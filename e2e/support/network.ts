import type { Page } from '@playwright/test';

/** Fires the browser's online event, after which no page waits for its back-off. */
export const backOnline = (page: Page) => page.evaluate(() => void dispatchEvent(new Event('online')));
