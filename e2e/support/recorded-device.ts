import type { Browser, Page } from '@playwright/test';
import { startCuttableProxy } from '../../test/support/relay/cuttable-proxy.ts';
import type { HistoryEvent, Read } from '../../test/history/history.ts';
import type { PageEvent } from '../bare-app/history.ts';

/** A browser profile with its own line to the relay. Its pages record the history. */
export interface RecordedDevice {
  readonly name: string;
  readonly tabs: readonly RecordedTab[];
  readonly isOnline: boolean;
  /** Opens the first page, which creates an account, or signs in to that of the phrase. Returns the phrase. */
  begin(phrase?: string): Promise<string>;
  /** Opens another page of the same account. */
  open(): Promise<void>;
  cut(): void;
  mend(): void;
  close(): Promise<void>;
}

export interface RecordedTab {
  readonly page: Page;
  edit(map: number, key: string, value: string): Promise<void>;
  show(): Promise<readonly Read[]>;
  /** Ends the renderer without any event or chance to clean up. */
  kill(): Promise<void>;
}

export async function createRecordedDevice(options: {
  readonly name: string;
  readonly browser: Browser;
  readonly appURL: string;
  readonly relayPort: number;
  readonly events: HistoryEvent[];
  /** The maps that each page opens. The first page of all creates them. */
  readonly mapIDs: string[];
}): Promise<RecordedDevice> {
  const { name, browser, appURL, relayPort, events, mapIDs } = options;
  const context = await browser.newContext();
  const proxy = await startCuttableProxy({ host: '127.0.0.1', port: relayPort });
  const url = `ws://localhost:${proxy.port}/sync`;
  const tabs: RecordedTab[] = [];
  const nameOf = new Map<Page, string>();
  let isOnline = true;
  await context.exposeBinding('recordEvent', ({ page }, event: PageEvent) => {
    const tab = nameOf.get(page) ?? '';
    events.push('coValue' in event ? { ...event, device: name, tab } : event);
  });

  async function newPage(): Promise<Page> {
    const page = await context.newPage();
    nameOf.set(page, `${name}.${nameOf.size + 1}`);
    await page.goto(appURL);
    await page.waitForFunction(() => 'historyApp' in globalThis);
    return page;
  }

  async function add(page: Page): Promise<void> {
    await page.evaluate((ids) => historyApp.open(ids), mapIDs);
    const cdp = await context.newCDPSession(page);
    const tabName = nameOf.get(page) ?? '';
    const tab: RecordedTab = {
      page,
      async edit(map, key, value) {
        events.push({ type: 'attempt', edit: value });
        try {
          await page.evaluate(([at, ...edit]) => historyApp.edit(at, ...edit), [map, key, value] as const);
        } catch (error) {
          if (tabs.includes(tab)) throw error;
          // The page was killed. It may have made the edit without recording it.
          if (events.some((event) => event.type === 'edit' && event.name === value)) return;
          const coValue = mapIDs[map] ?? '';
          const session = `unknown, of ${tabName}`;
          events.push({ type: 'edit', name: value, device: name, tab: tabName, session, coValue, key });
        }
      },
      async show() {
        const reads = await page.evaluate(() => historyApp.show());
        return reads.map((read) => ({ ...read, device: name, tab: tabName }));
      },
      async kill() {
        const crashed = page.waitForEvent('crash');
        cdp.send('Page.crash').catch(() => {}); // No process is left to answer.
        await crashed;
        await page.close();
      },
    };
    tabs.push(tab);
    page.once('crash', () => {
      tabs.splice(tabs.indexOf(tab), 1);
      events.push({ type: 'ended', tab: tabName, isClean: false });
    });
  }

  return {
    name,
    tabs,
    get isOnline() {
      return isOnline;
    },
    async begin(phrase) {
      const page = await newPage();
      const words = await page.evaluate(([relay, given]) => historyApp.begin(relay, given), [
        url,
        phrase,
      ] as const);
      if (mapIDs.length === 0) mapIDs.push(...(await page.evaluate(() => historyApp.create(3))));
      await add(page);
      return words;
    },
    async open() {
      const page = await newPage();
      await page.evaluate((relay) => historyApp.resume(relay), url);
      await add(page);
    },
    cut() {
      isOnline = false;
      proxy.cut();
    },
    mend() {
      isOnline = true;
      proxy.mend();
    },
    async close() {
      await context.close();
      proxy.close();
    },
  };
}
