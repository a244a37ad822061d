import { expect } from '@playwright/test';

/** Waits as long as a page of a dev server takes on a slow machine. */
export const expectSoon = expect.configure({ timeout: 60_000 });
