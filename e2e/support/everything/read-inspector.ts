import { join } from 'node:path';
import type * as Kernel from '@MaiaOS/kernel';
import type * as Inspect from '@MaiaOS/kernel/inspect';
import type { Page } from '@playwright/test';
import { root } from '../servers.ts';

const sources = ['src/index.ts', 'src/inspect/index.ts'].map(sourceURL) as [string, string];

/**
 * All that an inspector of the page's session answers, as JSON: a snapshot and the first increment; of each CoValue why it
 * is not synced, what it holds, and what the relays have of it; each message with its details; the messages in each of
 * their exports; and all content of this device. Needs a dev server.
 */
export function readInspector(page: Page): Promise<string> {
  return page.evaluate(async ([kernelURL, inspectURL]) => {
    const { activeSession } = (await import(kernelURL)) as typeof Kernel;
    const { createInspector } = (await import(inspectURL)) as typeof Inspect;
    const session = activeSession.current;
    if (!session) throw new Error('Nobody is signed in.');
    const inspector = createInspector(session);
    const { messages } = inspector;
    // So that there are some: a connection begins with what each side has.
    inspector.controls.reconnect();
    const increment = await new Promise((resolve) => inspector.subscribe(resolve));
    const ids = [...session.node.allCoValues()].map(({ id }) => id);
    const { unsynced } = inspector.snapshot();
    const { rows } = messages.read({ count: 500 });
    const exports = [
      await messages.export({ format: 'har' }),
      await messages.export({ format: 'har', full: true }),
      await messages.export({ format: 'ndjson' }),
      await messages.export({ format: 'ndjson', full: true }),
    ];
    const content: string[] = [];
    for await (const line of inspector.controls.exportContent('all')) content.push(line);
    const answers = [
      inspector.snapshot(),
      increment,
      ids.map((id) => inspector.explain(id)),
      unsynced.map((row) => inspector.story(row)),
      ids.map((id) => inspector.coValue(id)),
      ids.map((id) => inspector.coValues.members(id)),
      ids.map((id) => inspector.coValues.sessions(id)),
      ids.map((id) => inspector.coValues.transactions(id, { limit: 500 })),
      ids.map((id) => inspector.coValues.tree(id, [], { limit: 500 })),
      await inspector.controls.measureStorage(),
      content,
      await Promise.all(ids.slice(0, 20).map((id) => inspector.askRelays(id))),
      await Promise.all(rows.map(({ number }) => messages.detail(number))),
      exports.map((parts) => parts.join('')),
    ];
    inspector.close();
    return JSON.stringify(answers);
  }, sources);
}

/** Records what arrives in the page, until the answer is called. */
export async function recordArrivals(page: Page): Promise<() => Promise<string>> {
  await page.evaluate(async ([kernelURL, inspectURL]) => {
    const { activeSession } = (await import(kernelURL)) as typeof Kernel;
    const { createInspector } = (await import(inspectURL)) as typeof Inspect;
    if (!activeSession.current) throw new Error('Nobody is signed in.');
    const { stop } = createInspector(activeSession.current).controls.record();
    addEventListener('stop-recording', (event) => {
      (event as CustomEvent<string[]>).detail.push(stop());
    });
  }, sources);
  return () =>
    page.evaluate(() => {
      const recordings: string[] = [];
      dispatchEvent(new CustomEvent('stop-recording', { detail: recordings }));
      return recordings.join('\n');
    });
}

/** Where a dev server has a file of this project: the same instance of it that the app has. */
export function sourceURL(path: string): string {
  return `/@fs${join(root, path)}`;
}
