import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Locator, Page } from '@playwright/test';
import { addAuthenticator } from './support/authenticator.ts';
import { openDevtoolsPage, panelIn } from './support/devtools-page.ts';
import { startEchoServer } from './support/echo-server.ts';
import { createRelayProcess } from './support/relay-process.ts';
import { freePort } from './support/servers.ts';
import { expectHeadline, expectNotAllWell } from './support/situations.ts';
import { expect, test } from './support/test.ts';
import { arrived, begin, edit, expectOutage, expectVerdict, stand } from './support/verdicts.ts';

// Causes between a device and its relay: each appears in the verdict, the headline and Peers, with its next step, and in
// the inspector's answer as codes.

/** A page with an account and a map, whose relay's address is wrong from the start. */
async function beginAt(page: Page, origin: string, url: string | undefined): Promise<Locator> {
  await addAuthenticator(page);
  await openDevtoolsPage(page, origin, { open: true });
  await page.evaluate(
    (address) => (address === undefined ? bareApp.signUpAtDefault() : bareApp.signUp([address])),
    url,
  );
  await page.evaluate(() => void bareApp.makeMap());
  await page.evaluate(() => devtools.inspect());
  return panelIn(page);
}

async function serveHttp(
  answer: RequestListener,
): Promise<{ readonly port: number; leaveUpgradesOpen(): void; close(): void }> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    leaveUpgradesOpen: () => void server.on('upgrade', () => {}),
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

test('a relay that was killed', async ({ page, app, relay }) => {
  const panel = await begin(page, app.origin, relay.port);
  await relay.kill();
  await edit(page);
  const cause = /relay unreachable for .+: nothing at localhost:\d+ answers this page/i;
  const next = /Check that a relay is running at localhost:\d+/;
  await expectVerdict(panel, cause, next, { cause: 'unreachable', step: 'check-relay' });
  await expectOutage(panel, cause, next);
  await relay.start();
  await arrived(page);
});

test('a relay that was stopped (SIGSTOP)', async ({ page, app, relay }) => {
  const panel = await begin(page, app.origin, relay.port);
  relay.freeze();
  try {
    await edit(page);
    const cause = /relay silent for .+: localhost:\d+ sends nothing/i;
    const next = /Check the relay at localhost:\d+/;
    const codes = { cause: 'relay-silent', step: 'check-relay' };
    // While the connection is still open, and after the kernel has given it up.
    await expectVerdict(panel, cause, next, codes);
    await expectOutage(panel, cause, next);
    await expect.poll(() => page.evaluate(() => bareApp.state().status)).toBe('connecting');
    await expectVerdict(panel, cause, next, codes);
    await expectOutage(panel, cause, next);
  } finally {
    relay.thaw();
  }
  await arrived(page);
});

test('a relay that is full', async ({ page, browser, app, relay }) => {
  const panel = await begin(page, app.origin, relay.port);
  await relay.stop();
  await relay.start('--limit', 'connections=1');
  try {
    await arrived(page);
    // The page frees its slot, and another client takes it.
    await page.evaluate(() => void bareApp.set('before', 1));
    await arrived(page);
    await panel.getByRole('button', { name: 'Pause sync' }).first().click();
    const other = await (await browser.newContext()).newPage();
    await begin(other, app.origin, relay.port);
    await panel.getByRole('button', { name: 'Resume sync' }).first().click();
    await edit(page);
    const cause = /refused by localhost:\d+ \(limit\): the relay is at its limit of 1 connections/i;
    const next = /Close tabs and clients that use this relay, or raise the limit/;
    await expectVerdict(panel, cause, next, { cause: 'relay-refused', step: 'free-connections' });
    await expectOutage(panel, cause, next);
    await other.context().close();
    await arrived(page);
  } finally {
    await relay.stop();
  }
});

test('an edit that exceeds the relay’s limit', async ({ page, app, relay }) => {
  await stand(page, {
    down: (frame) => frame.replace(/"messageBytes":\d+/, '"messageBytes":20000'),
  });
  const panel = await begin(page, app.origin, relay.port);
  await edit(page, 'k'.repeat(30_000));
  const cause = /^Too large for localhost:\d+: \d\d kB, limit 20 kB$/;
  await expectVerdict(panel, cause, /large values in pieces/, { cause: 'withheld', step: 'split-value' });
  await expectHeadline(panel, /^1 CoValue not confirmed$/, /^larger than the relay accepts/);
  await expectNotAllWell(panel);
});

test('the page’s own origin, which has no relay', async ({ page, app }) => {
  const panel = await beginAt(page, app.origin, undefined);
  const cause =
    /no relay at localhost:\d+: (the server answered with a web page|a web server answered) \(HTTP \d+.*\)/i;
  const next =
    /The address comes from the page’s origin, because `PUBLIC_API_DOMAIN` was not set when sync began\. Set `PUBLIC_API_DOMAIN` to the relay’s domain/;
  await expectVerdict(panel, cause, next, { cause: 'not-a-relay', step: 'correct-address' });
  await expectOutage(panel, cause, next);
});

test('a dev server that leaves unknown WebSockets open', async ({ page, app }) => {
  const server = await serveHttp((_request, response) => {
    response.writeHead(404, { 'access-control-allow-origin': '*', 'content-type': 'text/plain' }).end();
  });
  server.leaveUpgradesOpen();
  const panel = await beginAt(page, app.origin, `ws://localhost:${server.port}/sync`);
  const cause = /no relay at localhost:\d+: a web server answered \(HTTP 404, text\/plain\)/i;
  const next = /The address comes from the `url` that the app passed/;
  await expectVerdict(panel, cause, next, { cause: 'not-a-relay', step: 'correct-address' });
  await expectOutage(panel, cause, next);
  server.close();
});

test('a plain HTTP server', async ({ page, app }) => {
  const server = await serveHttp((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Hello</h1>');
  });
  const panel = await beginAt(page, app.origin, `ws://localhost:${server.port}/sync`);
  const cause = /no relay for this page at localhost:\d+: a server answered/i;
  const next = /The address comes from the `url` that the app passed\. Correct that `url`/;
  await expectVerdict(panel, cause, next, { cause: 'unreadable', step: 'correct-address' });
  await expectOutage(panel, cause, next);
  server.close();
});

test('a server that echoes WebSocket frames', async ({ page, app }) => {
  const echo = await startEchoServer();
  const panel = await beginAt(page, app.origin, `ws://${echo.host}/sync`);
  const cause = /no relay at 127\.0\.0\.1:\d+: the server sends back what it receives/i;
  const next = /The address comes from the `url` that the app passed/;
  const codes = { cause: 'not-a-relay', step: 'correct-address' };
  await expectVerdict(panel, cause, next, codes);
  await expectOutage(panel, cause, next);
  // The echo confirms nothing, however often it is tried.
  const pending = await page.evaluate(() => bareApp.state().pending);
  for (let attempt = 0; attempt < 3; attempt++) {
    const tryNow = panel.getByRole('button', { name: 'Try now' }).first();
    if (await tryNow.isVisible()) await tryNow.click({ timeout: 1_000 }).catch(() => {});
    await expectVerdict(panel, cause, next, codes);
  }
  expect(await page.evaluate(() => bareApp.state())).toMatchObject({ pending, status: 'connecting' });
  await echo.close();
});

test('no network, with a relay on this machine', async ({ page, context, app, relay }) => {
  const panel = await begin(page, app.origin, relay.port);
  await context.setOffline(true);
  await edit(page);
  const cause = /offline for .+: the browser reports no network, and localhost:\d+ does not answer/i;
  const next = /Turn the network back on/;
  await expectVerdict(panel, cause, next, { cause: 'no-network', step: 'check-network' });
  await expectOutage(panel, cause, next);
  await context.setOffline(false);
  await arrived(page);
});

test('a relay that does not allow this page', async ({ page, app, world: { program } }) => {
  const environment = { CORS_ORIGINS: 'https://app.example.org' };
  const relay = createRelayProcess({ program, port: await freePort(), storage: 'memory:', environment });
  await relay.start();
  const panel = await beginAt(page, app.origin, `ws://127.0.0.1:${relay.port}/sync`);
  const cause = /not allowed at 127\.0\.0\.1:\d+: the server refuses this page \(HTTP 403\)/i;
  const next = /Allow this page’s origin in the relay’s CORS_ORIGINS/;
  await expectVerdict(panel, cause, next, { cause: 'not-allowed', step: 'allow-origin' });
  await expectOutage(panel, cause, next);
  await relay.stop();
});

test('a relay that starts', async ({ page, app, relay }) => {
  const panel = await begin(page, app.origin, relay.port);
  await relay.stop();
  // Answers like a relay whose storage is not open yet.
  const starting = createServer((_request, response) => {
    response
      .writeHead(503, { 'access-control-allow-origin': '*', 'content-type': 'text/plain' })
      .end('The relay is starting or stopping. Try again in a moment.\n');
  }).listen(relay.port, '127.0.0.1');
  await once(starting, 'listening');
  await edit(page);
  const cause = /relay not ready for .+: localhost:\d+ answered with HTTP 503/i;
  const next = /the relay is starting or stopping/;
  await expectVerdict(panel, cause, next, { cause: 'not-ready', step: 'wait' });
  await expectOutage(panel, cause, next);
  starting.close();
  starting.closeAllConnections();
  await relay.start();
  await arrived(page);
});
