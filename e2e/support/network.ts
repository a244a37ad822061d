import type { Page } from '@playwright/test';

/** The browser says that it is online again, after which no page waits until its back-off is over. */
export const backOnline = (page: Page) => page.evaluate(() => void dispatchEvent(new Event('online')));
