import { join } from 'node:path';
import type * as Kernel from '@MaiaOS/kernel';
import type * as Inspect from '@MaiaOS/kernel/inspect';
import type { Page } from '@playwright/test';
import { root } from '../servers.ts';

const sources = ['src/index.ts', 'src/inspect/index.ts'].map(sourceURL) as [string, string];

/**
 * Everything that an inspector of the page's session returns, as JSON: a snapshot, the bug report and the first increment;
 * for each CoValue why it is not synced, its content, and the relays' known states; each message with
 * details; the messages in each export format; and all content of this device. Needs a dev server.
 */
export function readInspector(page: Page): Promise<string> {
  return page.evaluate(async ([kernelURL, inspectURL]) => {
    const { activeSession } = (await import(kernelURL)) as typeof Kernel;
    const { createInspector } = (await import(inspectURL)) as typeof Inspect;
    const session = activeSession.current;
    if (!session) throw new Error('Not signed in.');
    const inspector = createInspector(session);
    const { messages } = inspector;
    // Forces some messages: a connection starts with each side's known state.
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
      inspector.bugReport(),
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

export function readBugReport(page: Page): Promise<string> {
  return page.evaluate(async ([kernelURL, inspectURL]) => {
    const { activeSession } = (await import(kernelURL)) as typeof Kernel;
    const { createInspector } = (await import(inspectURL)) as typeof Inspect;
    if (!activeSession.current) throw new Error('Not signed in.');
    const inspector = createInspector(activeSession.current);
    const report = inspector.bugReport();
    inspector.close();
    return report;
  }, sources);
}

/** Records what arrives in the page until the returned function is called. */
export async function recordArrivals(page: Page): Promise<() => Promise<string>> {
  await page.evaluate(async ([kernelURL, inspectURL]) => {
    const { activeSession } = (await import(kernelURL)) as typeof Kernel;
    const { createInspector } = (await import(inspectURL)) as typeof Inspect;
    if (!activeSession.current) throw new Error('Not signed in.');
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

/** The URL of a source file on the dev server: the same module instance as the app's. */
export function sourceURL(path: string): string {
  return `/@fs${join(root, path)}`;
}
