import type { BrowserContext, CDPSession, Page } from '@playwright/test';
import type { Edit } from '../bare-app/tabs.ts';
import { addAuthenticator } from './authenticator.ts';

/** One user's device with its open tabs, and what the test has observed of them. */
export interface Tabs {
  readonly opened: number;
  /** How often a page came back from the back-forward cache. */
  readonly fromCache: number;
  readonly all: readonly Tab[];
  /** Edits that a tab reported as saved. */
  readonly told: readonly Edit[];
  /** Content messages uploaded to the relay, from all tabs. */
  readonly uploads: number;
  /** Messages of the relay or the engine that report a refusal. */
  readonly refusals: readonly string[];
  /** The first tab: signs up and creates maps. */
  begin(maps: number): Promise<readonly string[]>;
  /** Opens tabs that choose their session IDs at the same moment: each waits for the others before it requests one. */
  open(count: number): Promise<void>;
}

export interface Tab {
  readonly number: number;
  readonly page: Page;
  readonly state: 'shown' | 'frozen' | 'left';
  /** False if the session refuses edits now. */
  edit(map: number): Promise<boolean>;
  freeze(): Promise<void>;
  /** Navigates away, with this page in the back-forward cache. */
  leave(): Promise<void>;
  /** Returns from being frozen or from having navigated away. */
  show(): Promise<void>;
  /** The user navigates away, then closes the tab: it has time to clean up. */
  end(): Promise<void>;
  /** The user closes the tab. */
  close(): Promise<void>;
  /** Ends the renderer without any event or chance to clean up. */
  kill(): Promise<void>;
}

export async function createTabs(options: {
  readonly context: BrowserContext;
  readonly appURL: string;
  /** A page of another app. */
  readonly elsewhere: string;
  readonly relayURL: string;
  /** False: each tab gets every lock that it requests. */
  readonly areLocksKept: boolean;
}): Promise<Tabs> {
  const { context, appURL, elsewhere, relayURL, areLocksKept } = options;
  const all: Tab[] = [];
  const told: Edit[] = [];
  const refusals: string[] = [];
  let mapIDs: readonly string[] = [];
  let opened = 0;
  let fromCache = 0;
  let uploads = 0;
  const door = createDoor();
  await context.exposeFunction('atDoor', door.pass);
  await context.addInitScript(watchDoor, areLocksKept);
  await context.exposeFunction('told', (edits: readonly Edit[]) => void told.push(...edits));

  async function comeBack(page: Page): Promise<void> {
    await page.goBack({ waitUntil: 'commit' }); // A restored page fires no load event.
    if (await page.evaluate(() => 'isSamePage' in globalThis)) return void fromCache++;
    // The browser caches few pages, and reloaded this one.
    await page.waitForFunction(() => 'tabApp' in globalThis);
    await resume(page);
  }

  const resume = (page: Page) =>
    page.evaluate(([url, ids]) => tabApp.resume(url, ids), [relayURL, mapIDs] as const);

  async function newPage(): Promise<Page> {
    const page = await context.newPage();
    const hear = (text: string, sign: string) => text.includes(sign) && refusals.push(text);
    page.on('console', (message) => hear(message.text(), 'Failed to add transactions'));
    page.on('websocket', (socket) => {
      socket.on('framereceived', ({ payload }) => hear(String(payload), '"code":"fork"'));
      socket.on('framesent', ({ payload }) => (uploads += countContent(String(payload))));
    });
    await page.goto(appURL);
    await page.waitForFunction(() => 'tabApp' in globalThis);
    return page;
  }

  function add(page: Page, cdp: CDPSession): void {
    const number = ++opened;
    let edits = 0;
    let state: Tab['state'] = 'shown';
    const gone = () => void all.splice(all.indexOf(tab), 1);
    const tab: Tab = {
      number,
      page,
      get state() {
        return state;
      },
      edit: (map) =>
        page.evaluate(([index, key]) => tabApp.edit(index, key), [map, `${number}.${++edits}`] as const),
      async freeze() {
        await cdp.send('Page.setWebLifecycleState', { state: 'frozen' });
        state = 'frozen';
      },
      async leave() {
        await page.evaluate(() => Object.assign(globalThis, { isSamePage: true }));
        await page.goto(elsewhere);
        state = 'left';
      },
      async show() {
        if (state === 'frozen') await cdp.send('Page.setWebLifecycleState', { state: 'active' });
        if (state === 'left') await comeBack(page);
        state = 'shown';
      },
      async end() {
        await page.goto('about:blank');
        await tab.close();
      },
      async close() {
        gone();
        await page.close();
      },
      async kill() {
        gone();
        const crashed = page.waitForEvent('crash');
        cdp.send('Page.crash').catch(() => {}); // No process is left to answer.
        await crashed;
        await page.close();
      },
    };
    all.push(tab);
  }

  return {
    get opened() {
      return opened;
    },
    get fromCache() {
      return fromCache;
    },
    get uploads() {
      return uploads;
    },
    all,
    told,
    refusals,
    async begin(maps) {
      const page = await newPage();
      await addAuthenticator(page);
      mapIDs = await page.evaluate(([url, count]) => tabApp.signUp(url, count), [relayURL, maps] as const);
      add(page, await context.newCDPSession(page));
      return mapIDs;
    },
    async open(count) {
      const pages = await Promise.all(Array.from({ length: count }, newPage));
      door.expect(count);
      await Promise.all(pages.map(resume));
      for (const page of pages) add(page, await context.newCDPSession(page));
    },
  };
}

function countContent(frame: string): number {
  const actions = frame.split('\n').map((line) => (JSON.parse(line) as { readonly action?: string }).action);
  return actions.filter((action) => action === 'content').length;
}

/** Runs in each tab, before the app. */
function watchDoor(areLocksKept: boolean): void {
  const request = navigator.locks.request.bind(navigator.locks) as (...args: readonly unknown[]) => unknown;
  const granted = (args: readonly unknown[]) => (args.at(-1) as (lock: object) => unknown)({});
  const requestAtDoor = async (...args: readonly unknown[]) => {
    if (String(args[0]).startsWith('maia/session-ids/')) await atDoor();
    return areLocksKept ? request(...args) : granted(args);
  };
  Object.defineProperty(navigator.locks, 'request', { value: requestAtDoor });
}

/** Admits tabs together once the expected number has arrived; a single one at once. */
function createDoor(): { expect(count: number): void; pass(): Promise<void> } {
  /** Shorter than a tab's own limit for choosing: a late tab finds the gate open. */
  const longestMs = 1_500;
  let expected = 0;
  let waiting: (() => void)[] = [];
  const open = () => {
    expected = 0;
    for (const go of waiting.splice(0)) go();
  };
  return {
    expect(count) {
      expected = count;
      waiting = [];
    },
    pass() {
      const passed = new Promise<void>((go) => void waiting.push(go));
      if (waiting.length >= expected) open();
      else setTimeout(open, longestMs);
      return passed;
    },
  };
}
