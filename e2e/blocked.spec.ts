import { execFile } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createApp } from './support/app.ts';
import { addAuthenticator } from './support/authenticator.ts';
import { createRelayProcess } from './support/relay-process.ts';
import { freePort, serveBuilt } from './support/servers.ts';
import { expect, test, type World } from './support/test.ts';

const run = promisify(execFile);

/** A relay at which accounts sign in, with an operator, and the demo in front of it. */
async function startOperatedRelay({ program, directory }: World) {
  const folder = await mkdtemp(join(directory, 'blocked-'));
  const [port, adminPort] = [await freePort(), await freePort()];
  const environment = {
    SYNC_MAIA_ACCOUNT_AUTH: 'true',
    ADMIN_PORT: String(adminPort),
    ADMIN_TOKEN_FILE: join(folder, 'admin-token'),
  };
  const relay = createRelayProcess({
    program,
    port,
    storage: `pglite:${join(folder, 'relay.db')}`,
    environment,
  });
  await relay.start();
  const { origin, close } = await serveBuilt(join(directory, 'demo'), port);
  return {
    origin,
    async admin(...act: string[]): Promise<Record<string, unknown>> {
      const { stdout } = await run(process.execPath, [program, 'admin', ...act], {
        env: { ...process.env, ...environment },
      });
      return JSON.parse(stdout) as Record<string, unknown>;
    },
    async end(): Promise<void> {
      await Promise.all([relay.stop(), close()]);
    },
  };
}

test('[CONN-22] a blocked account’s app says so, keeps its edits, and sends them when unblocked', async ({
  page,
  world,
}) => {
  const { origin, admin, end } = await startOperatedRelay(world);
  try {
    await addAuthenticator(page);
    const app = createApp(page);
    await app.begin(origin, 'Groceries', 'Milk');
    await app.untilStored();
    const { principals } = (await admin('principals')) as { principals: { kind: string; id: string }[] };
    expect(principals).toMatchObject([{ kind: 'account' }]);
    const id = principals[0]?.id ?? '';

    await admin('block', id, '--reason', 'Spam in shared lists');
    const blocked =
      /Saved on this device.*refused by the relay.*blocked this account: Spam in shared lists\./s;
    await expect(app.syncLine).toContainText(blocked);
    await app.addItem('Bread');
    await expect(app.syncLine).toContainText(blocked);

    await page.reload();
    await expect(app.item('Bread')).toBeVisible();
    await expect(app.syncLine).toContainText(blocked);
    await app.addItem('Salt');
    await app.syncLine.click();
    const tryNow = page.getByRole('button', { name: 'Try now' });
    await tryNow.click();
    await expect(app.syncLine).toContainText(blocked);

    await admin('unblock', id);
    await tryNow.click();
    await app.untilStored();
    for (const text of ['Milk', 'Bread', 'Salt']) await expect(app.item(text)).toBeVisible();
  } finally {
    await end();
  }
});
