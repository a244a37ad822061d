import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test as base } from '@playwright/test';
import { buildJavaScript } from '../../scripts/build/javascript.mjs';
import { createRelayProcess, type RelayProcess } from './relay-process.ts';
import { buildBareApp, buildDemo, freePort, root, serveBuilt, serveInDev, type Served } from './servers.ts';

export { expect } from '@playwright/test';

export interface World {
  readonly relay: RelayProcess;
  /**
   * Origins of the same production build, each with the relay at its own `/sync`. Each has its own storage,
   * so they act as devices.
   */
  readonly origins: readonly [string, string];
  /** The origin of the app's dev server, which is set up as in `npm start`. */
  readonly devOrigin: string;
  /** The path of the bundled command-line program, with which a test starts its own relay. */
  readonly program: string;
  /** For files that a test creates; deleted with the worker. */
  readonly directory: string;
}

/** The bare kernel, built: a page for each feature that the demo has no button for. */
export interface BareApp extends Served {
  /** For serving it at another origin, too. */
  readonly directory: string;
}

/** Servers that start slowly live as long as the worker; each test finds the relay running. */
export const test = base.extend<
  Pick<World, 'relay' | 'origins' | 'devOrigin'>,
  { readonly world: World; readonly app: BareApp }
>({
  world: [
    async ({}, use) => {
      const folder = join(root, 'node_modules/.cache/maia-e2e/program');
      const program = join(folder, 'maia-relay.js');
      const directory = await mkdtemp(join(tmpdir(), 'maia-e2e-'));
      const port = await freePort();
      await buildJavaScript(folder);
      await buildDemo(join(directory, 'demo'), undefined);
      const relay = createRelayProcess({
        program,
        port,
        storage: `pglite:${join(directory, 'relay.db')}`,
      });
      await relay.start();
      const first = await serveBuilt(join(directory, 'demo'), port);
      const second = await serveBuilt(join(directory, 'demo'), port);
      const dev = await serveInDev(port);
      const origins = [first.origin, second.origin] as const;
      await use({ relay, origins, devOrigin: dev.origin, program, directory });
      await Promise.all([first.close(), second.close(), dev.close(), relay.stop()]);
      await rm(directory, { recursive: true, force: true });
    },
    { scope: 'worker', timeout: 180_000 },
  ],
  app: [
    async ({ world }, use) => {
      const directory = join(world.directory, 'bare-app');
      await buildBareApp(directory);
      const served = await serveBuilt(directory);
      await use({ ...served, directory });
      await served.close();
    },
    { scope: 'worker', timeout: 180_000 },
  ],
  relay: async ({ world }, use) => {
    await world.relay.start();
    await use(world.relay);
  },
  origins: async ({ world, relay }, use) => {
    await relay.start();
    await use(world.origins);
  },
  devOrigin: async ({ world, relay }, use) => {
    await relay.start();
    await use(world.devOrigin);
  },
});
