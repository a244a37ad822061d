import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createAccountNode } from '../support/session/account-node.ts';
import { startStockRelay, type StockRelay } from '../support/sync/stock-relay.ts';
import { buildJavaScript } from '../../scripts/build/javascript.mjs';
import { root } from '../../scripts/build/packages.mjs';

let folder: string;
let relay: StockRelay;
beforeAll(async () => {
  // Below node_modules, to resolve external packages.
  folder = await mkdtemp(join(root, 'node_modules/.headless-'));
  await buildJavaScript(folder);
  relay = await startStockRelay();
}, 120_000);
afterAll(async () => {
  await relay.close();
  await rm(folder, { recursive: true, force: true });
});

test('the built package opens an account in Node and in a worker without page globals', async () => {
  const account = await createAccountNode();
  const accountID = account.getCurrentAccountOrAgentID();
  for (const core of account.allCoValues()) {
    for (const content of core.newContentSince() ?? []) {
      relay.node.syncManager.handleNewContent(content, 'import');
    }
  }
  const settings = {
    entry: pathToFileURL(join(folder, 'index.js')).href,
    url: relay.url,
    accountID,
    agentSecret: account.agentSecret,
  };
  const program = join(import.meta.dirname, 'headless/guarded.mjs');
  const { stdout } = await promisify(execFile)(process.execPath, [program, JSON.stringify(settings)]);
  expect(stdout).toMatch(/^main co_z\w+\nworker co_z\w+\n$/);
  for (const [id = ''] of stdout.matchAll(/co_z\w+/g)) {
    expect(relay.node.getCoValue(id as `co_z${string}`).isAvailable()).toBe(true);
  }
}, 60_000);
