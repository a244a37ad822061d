import type { BrowserContext, Page } from '@playwright/test';
import { startRelayWithRows, type RelayWithRows } from '../../test/support/relay/relay-with-rows.ts';
import { countKey, findLost } from '../../test/long/ledger.ts';
import { startCuttableProxy } from '../../test/support/relay/cuttable-proxy.ts';
import type { Claim, ReportedRung, Written } from '../bare-app/writing.ts';
import { addAuthenticator } from './authenticator.ts';
import { expect } from './test.ts';

/** A device whose page is killed again and again, and the relay that it syncs with. */
export interface KilledDevice {
  readonly relay: RelayWithRows;
  readonly url: string;
  readonly groupID: string;
  /** Edits that the page reported to have reached a rung. */
  readonly reported: Readonly<Record<ReportedRung, number>>;
  /** CoValues of which edits were reported as saved. */
  readonly savedIDs: readonly string[];
  /** Whether this device has noted that the relay has lost data, and has not sent everything again. */
  readonly isAudited: boolean;
  /** The relay starts again with empty storage. */
  loseRelay(): Promise<void>;
  /** Cuts the line to the relay, or mends it. */
  setOnline(isOnline: boolean): void;
  /** Opens the app, but no account. `prepare` runs before the page loads it. */
  open(prepare?: (page: Page) => Promise<void>): Promise<Page>;
  /** Kills all of the browser's renderers, without any event or chance to clean up. */
  kill(page: Page): Promise<void>;
  /**
   * Of a page whose account was opened without a line to the relay: what was reported as saved is there, and each relay
   * has what was reported as confirmed and what the page does not count as pending. Returns what the page claims. With a
   * number, of this many of the latest CoValues only. A loss that the device has not found yet is left out.
   */
  check(page: Page, latest?: number): Promise<readonly Claim[]>;
  /**
   * Waits until nothing is pending, and checks that the relay has everything that is stored. Cuts the line before, because
   * cojson sends what is loaded for this check. For the same reason, call it in a page that has loaded nothing if the kernel
   * has to find what the relay lacks.
   */
  untilDelivered(page: Page): Promise<void>;
  close(): Promise<void>;
}

export async function createKilledDevice(
  context: BrowserContext,
  origin: string,
  storage?: 'cojson-indexeddb',
): Promise<KilledDevice> {
  const relay = await startRelayWithRows();
  const line = await startCuttableProxy({ host: '127.0.0.1', port: relay.port });
  const url = `ws://localhost:${line.port}/sync`;
  const reported = { saved: 0, confirmed: 0 };
  const savedKeys = new Map<string, Set<string>>();
  /** The highest counts by CoValue and session. */
  const confirmed = new Map<string, number>();
  let isAudited = false;
  /** What the device had counted when the relay lost data, until it finds that. */
  let lossesBefore: number | undefined;
  let lossesNoted = 0;

  function hear(rung: ReportedRung, written: readonly Written[]): void {
    reported[rung] += written.length;
    for (const { id, key, sessionID, count } of written) {
      if (rung === 'saved') savedKeys.set(id, (savedKeys.get(id) ?? new Set()).add(key));
      else {
        const session = countKey(id, sessionID);
        confirmed.set(session, Math.max(count, confirmed.get(session) ?? 0));
      }
    }
  }
  await context.exposeFunction('toldWritten', hear);
  await context.route('**/told', async (route) => {
    hear('saved', route.request().postDataJSON() as readonly Written[]);
    await route.fulfill();
  });

  async function open(prepare?: (page: Page) => Promise<void>): Promise<Page> {
    const page = await context.newPage();
    await prepare?.(page);
    await page.goto(`${origin}/writing.html`);
    await page.waitForFunction(() => 'writingApp' in globalThis);
    return page;
  }

  async function kill(page: Page): Promise<void> {
    const crashed = page.waitForEvent('crash');
    const cdp = await context.browser()?.newBrowserCDPSession();
    if (!cdp) throw new Error('The browser is not there.');
    const renderers = async () => {
      const { processInfo } = await cdp.send('SystemInfo.getProcessInfo');
      return processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id);
    };
    const killed = await renderers();
    for (const id of killed) process.kill(id, 'SIGKILL');
    await crashed;
    // Do not mistake a spare renderer for the killed one.
    await expect.poll(async () => (await renderers()).filter((id) => killed.includes(id))).toEqual([]);
    await cdp.detach();
    await page.close();
  }

  async function expectSaved(page: Page, ids: readonly string[]): Promise<void> {
    const found = await page.evaluate((wanted) => writingApp.read(wanted), ids);
    const missing = ids.flatMap((id, index) => {
      const keys = new Set(found[index]);
      return [...(savedKeys.get(id) ?? [])].filter((key) => !keys.has(key)).map((key) => ({ id, key }));
    });
    expect(missing).toEqual([]);
  }

  const first = await open();
  await addAuthenticator(first);
  const groupID = await first.evaluate(([to, kind]) => writingApp.signUp(to, kind), [url, storage] as const);
  await expect.poll(() => first.evaluate(() => writingApp.pending())).toBe(0);
  await kill(first);

  return {
    relay,
    url,
    groupID,
    reported,
    get savedIDs() {
      return [...savedKeys.keys()];
    },
    get isAudited() {
      return isAudited;
    },
    async loseRelay() {
      lossesBefore ??= lossesNoted;
      confirmed.clear();
      await relay.lose();
    },
    setOnline: (isOnline) => (isOnline ? line.mend() : line.cut()),
    open,
    kill,
    async check(page, latest = Infinity) {
      const rows = await relay.readCounts();
      expect(findLost(confirmed, rows)).toEqual([]);
      await expectSaved(page, [...savedKeys.keys()].slice(-latest));
      const { ids, ...stored } = await page.evaluate(readStored, Math.min(latest, maxSegments));
      ({ isAudited, losses: lossesNoted } = stored);
      const pending = () => page.evaluate(() => writingApp.pending());
      // Without a line, nobody knows what a relay lacks that has yet to be compared.
      if (isAudited) expect(await pending()).toBeUndefined();
      else await expect.poll(pending).toBeDefined();
      if (lossesNoted === lossesBefore) return [];
      lossesBefore = undefined;
      const claims = await page.evaluate((stored) => writingApp.claims(stored), ids.slice(-latest));
      const said = claims.filter(
        ({ confirmed: step }) => step === 'reached' || (step !== 'pending' && !isAudited),
      );
      const claimed = new Map(
        said.flatMap(({ id, sessions }) =>
          Object.entries(sessions).map(([session, count]) => [countKey(id, session), count] as const),
        ),
      );
      expect(findLost(claimed, rows)).toEqual([]);
      return claims;
    },
    async untilDelivered(page) {
      line.mend();
      await page.evaluate(() => writingApp.reconnect());
      await expect.poll(() => page.evaluate(() => writingApp.pending()), { timeout: 60_000 }).toBe(0);
      line.cut();
      const { ids, ...stored } = await page.evaluate(readStored, maxSegments);
      ({ isAudited, losses: lossesNoted } = stored);
      lossesBefore = undefined;
      const claims = await page.evaluate((stored) => writingApp.claims(stored), ids);
      const counts = new Map(
        claims.flatMap(({ id, sessions }) =>
          Object.entries(sessions).map(([session, count]) => [countKey(id, session), count] as const),
        ),
      );
      expect(findLost(counts, await relay.readCounts())).toEqual([]);
    },
    async close() {
      line.close();
      await relay.close();
    },
  };
}

const maxSegments = 1_000_000;

/**
 * Runs in the page: the CoValues in the latest segments of this device's database, oldest first, and whether a comparison
 * with a relay is still to end.
 */
async function readStored(
  latest: number,
): Promise<{ ids: readonly string[]; isAudited: boolean; losses: number }> {
  const resultOf = <T>(request: IDBRequest<T>) =>
    new Promise<T>((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error ?? new Error('The request failed.'));
    });
  const { name } = (await indexedDB.databases()).find(({ name }) => /^maia-co_z/.test(name ?? '')) ?? {};
  const db = await resultOf(indexedDB.open(name ?? ''));
  try {
    const transaction = db.transaction(['segments', 'relay-records']);
    const readAll = <T>(store: string, range?: IDBKeyRange) =>
      resultOf(transaction.objectStore(store).getAll(range) as IDBRequest<T[]>);
    const keys = await resultOf(transaction.objectStore('segments').getAllKeys());
    const [first = 0] = keys.slice(-latest);
    const [segments, relays] = await Promise.all([
      readAll<{ readonly ids: readonly string[] }>('segments', IDBKeyRange.lowerBound(first)),
      readAll<{ readonly refill?: boolean; readonly losses?: number }>('relay-records'),
    ]);
    return {
      ids: [...new Set(segments.flatMap(({ ids }) => ids))],
      isAudited: relays.some(({ refill }) => refill),
      losses: relays.reduce((sum, { losses = 0 }) => sum + losses, 0),
    };
  } finally {
    db.close();
  }
}
