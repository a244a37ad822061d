import { join } from 'node:path';
import { chromium, type Page } from '@playwright/test';
import { browserLaunchOptions } from '../../scripts/find-browser.mjs';

/** A Chromium whose profile stays while pages come and go. */
export interface Browser {
  readonly version: string;
  /** Opens a page in a new tab, passes it to `run`, and closes the tab as a user does. */
  withPage<T>(
    name: string,
    parameters: Readonly<Record<string, string>>,
    run: (page: Page) => Promise<T>,
  ): Promise<T>;
  close(): Promise<void>;
}

export async function startBrowser(temporaryFolder: string, url: string): Promise<Browser> {
  const context = await chromium.launchPersistentContext(
    join(temporaryFolder, 'profile'),
    browserLaunchOptions(),
  );
  return {
    version: context.browser()?.version() ?? 'unknown',
    async withPage(name, parameters, run) {
      const page = await context.newPage();
      try {
        await page.goto(`${url}/${name}.html?${new URLSearchParams(parameters).toString()}`);
        return await run(page);
      } finally {
        await page.close({ runBeforeUnload: false });
      }
    },
    close: () => context.close(),
  };
}
