import { readdir } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { maiaKernel } from '@MaiaOS/kernel/vite';
import { ownNames } from '../../scripts/own-names.mjs';
import { build, createServer, preview } from 'vite';

export const root = join(import.meta.dirname, '../..');

/** Serves until it is closed, at an origin of `localhost`, because WebAuthn refuses IP addresses. */
export interface Served {
  readonly origin: string;
  close(): Promise<void>;
}

const demo = {
  configFile: false,
  root: join(root, 'demo'),
  logLevel: 'error',
  resolve: { alias: [...ownNames] },
} as const;

/** The demo's dev server as in `npm start`, with a relay that the test controls. */
export async function serveInDev(relayPort: number): Promise<Served> {
  const server = await createServer({
    ...demo,
    plugins: [svelte(), maiaKernel({ proxyTarget: `http://127.0.0.1:${relayPort}` })],
    // The app does not change during tests.
    server: { host: 'localhost', port: await freePort(), strictPort: true, hmr: false, watch: null },
    cacheDir: join(root, 'node_modules/.vite/e2e'),
  });
  await server.listen();
  return { origin: `http://localhost:${server.config.server.port}`, close: () => server.close() };
}

/** An app that uses only the kernel; see `bare-app/main.ts`. */
export async function serveBareApp(): Promise<Served> {
  const server = await createServer({
    ...demo,
    root: join(root, 'e2e/bare-app'),
    server: { host: 'localhost', port: await freePort(), strictPort: true, hmr: false, watch: null },
    cacheDir: join(root, 'node_modules/.vite/e2e-bare'),
  });
  await server.listen();
  return { origin: `http://localhost:${server.config.server.port}`, close: () => server.close() };
}

/** Builds every page of `bare-app`. */
export async function buildBareApp(outDir: string): Promise<void> {
  const folder = join(root, 'e2e/bare-app');
  const pages = (await readdir(folder)).filter((name) => name.endsWith('.html'));
  await build({
    ...demo,
    root: folder,
    plugins: [svelte()],
    build: {
      outDir,
      emptyOutDir: true,
      reportCompressedSize: false,
      target: 'es2023',
      rolldownOptions: { input: pages.map((name) => join(folder, name)) },
    },
  });
}

/** Builds the demo for production, with this value of `PUBLIC_API_DOMAIN`. */
export async function buildDemo(outDir: string, publicApiDomain: string | undefined): Promise<void> {
  if (publicApiDomain === undefined) delete process.env['PUBLIC_API_DOMAIN'];
  else process.env['PUBLIC_API_DOMAIN'] = publicApiDomain;
  try {
    await build({
      ...demo,
      mode: 'production',
      plugins: [svelte(), maiaKernel()],
      build: { outDir, emptyOutDir: true, reportCompressedSize: false },
    });
  } finally {
    delete process.env['PUBLIC_API_DOMAIN'];
  }
}

/** Serves a build. With `relayPort`, `/sync` of its own origin leads to that relay, as in a deployment. */
export async function serveBuilt(outDir: string, relayPort?: number): Promise<Served> {
  const port = await freePort();
  const server = await preview({
    configFile: false,
    root,
    // Tests stop the relay on purpose, so lost proxy connections are not worth a log line.
    logLevel: 'silent',
    build: { outDir },
    preview: {
      host: 'localhost',
      port,
      strictPort: true,
      ...(relayPort !== undefined && {
        proxy: { '^/sync$': { target: `http://127.0.0.1:${relayPort}`, ws: true } },
      }),
    },
  });
  return { origin: `http://localhost:${port}`, close: () => server.close() };
}

export async function freePort(): Promise<number> {
  const server = createHttpServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
