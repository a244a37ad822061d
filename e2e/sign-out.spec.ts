import type * as kernel from '@MaiaOS/kernel';
import type { Page } from '@playwright/test';
import { join } from 'node:path';
import { addAuthenticator } from './support/authenticator.ts';
import { backOnline } from './support/network.ts';
import { root, serveBareApp } from './support/servers.ts';
import { expect, test } from './support/test.ts';

type Kernel = typeof kernel;
/** The URL under which Vite serves the kernel to the page's own script. */
const kernelPath = `/@fs${join(root, 'src/index.ts')}`;

const databases = (page: Page) =>
  page.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name).toSorted());

async function signOut(
  page: Page,
  options: Parameters<NonNullable<Kernel['activeSession']['current']>['signOut']>[0],
) {
  return page.evaluate(
    async ([path, wish]) => {
      const { activeSession, isKernelError } = (await import(path)) as Kernel;
      try {
        await activeSession.current?.signOut(wish ?? {});
        return undefined;
      } catch (error) {
        if (isKernelError(error, 'UNSYNCED_CHANGES')) return error.details;
        throw error;
      }
    },
    [kernelPath, options] as const,
  );
}

/** Another tab resumes, edits, and records how it was closed. */
async function resumeAndEdit(page: Page, url: string): Promise<string> {
  return page.evaluate(
    async ([path, relay]) => {
      const { resumeSession } = (await import(path)) as Kernel;
      const session = await resumeSession({ sync: { url: relay } });
      if (!session) throw new Error('The device remembers nobody.');
      session.on('closed', (reason) => (document.title = `${reason?.code} ${reason?.message}`));
      return session.node.createGroup().createMap({ from: 'the other tab' }).id;
    },
    [kernelPath, url] as const,
  );
}

test('signing out is refused because of both tabs’ changes while the relay is away, and ends both when it is back', async ({
  page,
  context,
  relay,
}) => {
  const served = await serveBareApp();
  const url = `ws://localhost:${relay.port}/sync`;
  try {
    await addAuthenticator(page);
    await page.goto(served.origin);
    await page.waitForFunction(() => 'bareApp' in globalThis);
    await page.evaluate((address) => bareApp.signUp([address]), url);
    const state = () => page.evaluate(() => bareApp.state());
    await expect.poll(state).toMatchObject({ status: 'confirmed', pending: 0 });

    await relay.stop();
    const own = await page.evaluate(() => bareApp.makeMap());
    const other = await context.newPage();
    await other.goto(served.origin);
    const theirs = await resumeAndEdit(other, url);
    const refusal = await signOut(page, undefined);
    expect(refusal?.ids).toEqual(expect.arrayContaining([own, theirs]));
    expect(refusal?.count).toBe(refusal?.ids.length);
    expect(await other.title()).not.toContain('SESSION_CLOSED');

    await relay.start();
    await backOnline(page);
    await expect.poll(() => signOut(page, undefined)).toBeUndefined();
    await expect
      .poll(() => other.title())
      .toContain('SESSION_CLOSED The account was signed out in another tab');
    expect(await databases(page)).toEqual(['maia-device']);
    const remembered = await other.evaluate(async (path) => {
      const { resumeSession } = (await import(path)) as Kernel;
      return (await resumeSession({ sync: false }))?.accountID;
    }, kernelPath);
    expect(remembered).toBeUndefined();
  } finally {
    await served.close();
  }
});
