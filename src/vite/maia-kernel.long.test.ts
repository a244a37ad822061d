import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, createServer, type ViteDevServer } from 'vite';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { freePort } from '../../test/support/relay/free-port.ts';
import { maiaKernel, type MaiaKernelOptions } from './maia-kernel.ts';

/** Its dependencies need not resolve from the app's folder, because nothing asks for them. */
const kernelEntry = fileURLToPath(new URL('../index.ts', import.meta.url));

let root: string;
const closings: (() => unknown)[] = [];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'maia-vite-'));
  closings.push(() => rmSync(root, { recursive: true }));
  writeFileSync(join(root, 'index.html'), '<head></head><script type="module" src="/main.js"></script>');
  writeFileSync(join(root, 'main.js'), 'console.log(typeof __MAIA_DEV_PROXY__, __MAIA_PUBLIC_API_DOMAIN__)');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const close of closings.splice(0).reverse()) await close();
});

async function createDevServer(options: MaiaKernelOptions): Promise<ViteDevServer> {
  const server = await createServer({
    configFile: false,
    root,
    logLevel: 'silent',
    // The kernel’s source is outside the app.
    server: { host: 'localhost', port: 0, fs: { strict: false } },
    plugins: [maiaKernel(options)],
  });
  closings.push(() => server.close());
  return server;
}

async function serve(options: MaiaKernelOptions): Promise<string> {
  const server = await createDevServer(options);
  await server.listen();
  return urlOf(server);
}

function urlOf(server: ViteDevServer): string {
  const { port } = server.httpServer?.address() as AddressInfo;
  return `http://localhost:${port}`;
}

/** Resolves with the first message on this path, even if the test sends nothing. */
async function firstMessage(url: string, path = '/sync'): Promise<string> {
  const socket = new WebSocket(url.replace('http', 'ws') + path);
  closings.push(() => socket.terminate());
  const [data] = (await once(socket, 'message')) as [Buffer];
  return data.toString();
}

async function buildApp(
  options: MaiaKernelOptions,
): Promise<{ readonly html: string; readonly code: string }> {
  const result = await build({
    configFile: false,
    root,
    logLevel: 'silent',
    build: { write: false, minify: false, modulePreload: false },
    plugins: [maiaKernel(options)],
  });
  if (!('output' in result)) throw new Error('Expected one build output.');
  const html = result.output.find(({ fileName }) => fileName === 'index.html');
  const code = result.output.find((file) => file.type === 'chunk')?.code ?? '';
  return { html: html?.type === 'asset' ? html.source.toString() : '', code };
}

describe('in dev', () => {
  it('forwards /sync and its subpaths, including WebSockets, to the proxy target', async () => {
    const target = new WebSocketServer({ port: 0 });
    closings.push(() => target.close());
    target.on('connection', (socket, request) => socket.send(`you asked for ${request.url}`));
    const { port } = target.address() as AddressInfo;

    const url = await serve({ proxyTarget: `http://localhost:${port}` });
    expect(await firstMessage(url, '/sync/my-app')).toBe('you asked for /sync/my-app');
  });

  it('defines the dev proxy for the kernel, and no deployment address', async () => {
    vi.stubEnv('PUBLIC_API_DOMAIN', 'relay.example.org');
    const server = await createDevServer({ relay: false });
    const globals = await server.transformRequest('/@vite/env');
    expect(globals?.code).toContain('"__MAIA_DEV_PROXY__": true');
    expect(globals?.code).not.toContain('relay.example.org');
  });

  it('[CONN-23] gives the kernel the ID of the app, which the started relay serves', async () => {
    const storage = 'memory:';
    const server = await createDevServer({ relay: { storage, port: await freePort() }, appID: 'notes' });
    await server.listen();
    expect(server.config.define).toMatchObject({ __MAIA_APP_ID__: '"notes"' });
    expect(JSON.parse(await firstMessage(urlOf(server), '/sync/notes'))).toMatchObject({ maia: 'hello' });
  });

  it('[PANEL-16] the kernel’s entry brings the panel along, which runs before the app', async () => {
    const { environments } = await createDevServer({ relay: false });
    const entry = await environments.client.transformRequest(kernelEntry);
    expect(entry?.code).toMatch(/^import .*"\/.*devtools\/index\.ts";$/m);
    expect(entry?.code).toContain('mountDevtools()');
  });

  it('[PANEL-16] no page, no other module, and nothing on a server has the panel', async () => {
    const server = await createDevServer({ relay: false });
    await server.listen();
    const html = await (await fetch(urlOf(server))).text();
    const other = await server.environments.client.transformRequest('/main.js');
    const onServer = await server.environments.ssr.transformRequest(kernelEntry);
    expect(onServer?.code).toContain('resumeSession');
    for (const text of [html, other?.code, onServer?.code]) expect(text).not.toContain('devtools');
  });

  it('omits the panel if it is disabled', async () => {
    const { environments } = await createDevServer({ relay: false, devtools: false });
    const entry = await environments.client.transformRequest(kernelEntry);
    expect(entry?.code).toContain('resumeSession');
    expect(entry?.code).not.toContain('devtools');
  });
});

describe('with the relay', () => {
  const relay = { port: 0, storage: 'memory:' };

  it('starts and stops it with the dev server', async () => {
    const port = await freePort();
    const server = await createDevServer({ relay: { ...relay, port } });
    await server.listen();
    expect(JSON.parse(await firstMessage(urlOf(server)))).toMatchObject({ maia: 'hello', inspect: true });

    await server.close();
    await expect(fetch(`http://127.0.0.1:${port}/health`)).rejects.toThrow('fetch failed');
  });

  it('prints where the relay is, and how to open the panel', async () => {
    const server = await createDevServer({ relay });
    await server.listen();
    const info = vi.spyOn(server.config.logger, 'info');
    server.printUrls();
    const lines = info.mock.calls.map(([line]) => line);
    expect(lines.slice(-2)).toEqual([
      expect.stringMatching(/Relay: +http:\/\/127\.0\.0\.1:\d+\/$/),
      expect.stringContaining('Alt+Shift+M'),
    ]);
  });

  it('reads its settings from an .env file, unless the config gives them', async () => {
    writeFileSync(join(root, '.env'), 'SYNC_MAIA_STORAGE=memory\nSYNC_MAIA_MIN_APP_VERSION=2\n');
    const url = await serve({ relay: { port: 0, minAppVersion: '3' } });
    expect(JSON.parse(await firstMessage(url))).toMatchObject({ durability: 'none', minAppVersion: '3' });
  });

  it('forwards to the port that the system assigned to the relay', async () => {
    const url = await serve({ relay });
    expect(JSON.parse(await firstMessage(url))).toMatchObject({ maia: 'hello' });
  });

  it('keeps its port when Vite restarts the server', async () => {
    const port = await freePort();
    const server = await createDevServer({ relay: { ...relay, port } });
    await server.listen();
    const before = server.config;
    await server.restart();
    expect(server.config).not.toBe(before); // A restart that fails leaves the old server, and only logs.
    expect(JSON.parse(await firstMessage(urlOf(server)))).toMatchObject({ maia: 'hello' });
    expect((await fetch(`http://127.0.0.1:${port}/health`)).status).toBe(200);
  });

  it('explains that another relay uses the port', async () => {
    const port = await freePort();
    const first = await createDevServer({ relay: { ...relay, port } });
    await first.listen();
    const second = await createDevServer({ relay: { ...relay, port } });
    await expect(second.listen()).rejects.toMatchObject({
      code: 'RELAY_PORT_TAKEN',
      message: expect.stringContaining('relay: false') as string,
    });
    expect((await fetch(`http://127.0.0.1:${port}/health`)).status).toBe(200);
  });

  it('reports the taken port and serves nothing', async () => {
    const other = createTcpServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    closings.push(() => other.close());
    const { port } = other.address() as AddressInfo;

    const server = await createDevServer({ relay: { ...relay, port } });
    await expect(server.listen()).rejects.toMatchObject({
      code: 'RELAY_PORT_TAKEN',
      message: expect.stringContaining(String(port)) as string,
    });
    expect(server.httpServer?.listening).toBe(false);
  });
});

describe('in a build', () => {
  it('contains the address from the environment and no dev proxy', async () => {
    vi.stubEnv('PUBLIC_API_DOMAIN', 'relay.example.org');
    const { html, code } = await buildApp({});
    expect(code).toContain('"relay.example.org"');
    expect(code).toContain('typeof __MAIA_DEV_PROXY__');
    expect(html).not.toContain('maia-kernel');
  });

  it('reads an .env file', async () => {
    writeFileSync(join(root, '.env'), 'PUBLIC_API_DOMAIN=relay.example.org:8080\n');
    expect((await buildApp({})).code).toContain('"relay.example.org:8080"');
  });

  it('contains no address if none is given', async () => {
    expect((await buildApp({})).code).toContain('__MAIA_PUBLIC_API_DOMAIN__');
  });
});
