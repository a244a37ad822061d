import type * as Kernel from '@MaiaOS/kernel';
import { expect, type JSHandle, type Page } from '@playwright/test';
import type { Everything } from './record-everything.ts';
import { sourceURL } from './read-inspector.ts';

declare global {
  /** Available in a page of the bare app, see `openKernel`. */
  var tour: {
    readonly kernel: typeof Kernel;
    /** The options of every call: a logger that records, and the relay. */
    readonly options: { readonly logger: Kernel.Logger; readonly sync: Kernel.SyncOptions };
    readonly logged: unknown[];
    session?: Kernel.Session;
  };
}

/** Reloads the bare app with the kernel available to the test's code. */
export async function openKernel(page: Page, origin: string, relay: string): Promise<void> {
  await page.goto(origin);
  await page.evaluate(
    async ([kernelURL, url]) => {
      const logged: unknown[] = [];
      const log = (...told: readonly unknown[]) => void logged.push(told);
      const kernel = (await import(kernelURL)) as typeof Kernel;
      globalThis.tour = { kernel, logged, options: { logger: { debug: log, warn: log }, sync: { url } } };
    },
    [sourceURL('src/index.ts'), relay] as const,
  );
}

/** Runs an action that must fail, and adds the error with everything in it. */
export async function addFailure(
  everything: Everything,
  page: Page,
  code: Kernel.KernelErrorCode,
  attempt: (told: string) => Promise<unknown>,
  told = '',
): Promise<void> {
  const error: JSHandle<unknown> = await page.evaluateHandle(
    `(${String(attempt)})(${JSON.stringify(told)}).then(() => undefined, (error) => error)`,
  );
  expect(await error.evaluate((error) => (error as Kernel.KernelError | undefined)?.code)).toBe(code);
  everything.add('error', await error.evaluate((error) => readDeep(error)));
}

/** Adds what the kernel logged. */
export async function addLog(everything: Everything, page: Page): Promise<void> {
  everything.add('log', await page.evaluate(() => readDeep(tour.logged)));
}
