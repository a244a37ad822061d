import type { BrowserContext, CDPSession, ConsoleMessage, Page } from '@playwright/test';
import { accountSecrets, entriesIn, passkeySecrets, seedOf } from '../../../test/secrets/account-secrets.ts';
import type { Evidence, Secret } from '../../../test/secrets/find-secrets.ts';
import { installReadDeep, type Piece } from './read-deep.ts';
import { inPlace, readPage } from './read-page.ts';
import { recordPrfOutputs } from './record-prf.ts';
import { recordTraffic, type Traffic } from './record-traffic.ts';

/** Records everything that a browser profile's pages do, from outside the pages. */
export interface Everything {
  /** Call before the page's first request. */
  watch(page: Page): Promise<void>;
  /** Adds what the page stores and shows now. */
  look(page: Page): Promise<void>;
  /** Adds evidence obtained elsewhere, such as an error. */
  add(place: string, pieces: readonly Piece[]): void;
  /** All evidence so far: added, logged to the console, sent and received. */
  read(): Promise<readonly Evidence[]>;
  /** The secrets that must not occur: of each passkey that was used here, and of the account that it opens. */
  secrets(): Promise<readonly Secret[]>;
}

export async function recordEverything(context: BrowserContext): Promise<Everything> {
  const evidence: Evidence[] = [];
  const traffics: Traffic[] = [];
  // Never detached, because that would remove the page's virtual authenticator.
  const sessionByPage = new Map<Page, CDPSession>();
  const reading: Promise<void>[] = [];
  const add = (place: string, pieces: readonly Piece[]) => void evidence.push(...inPlace(place, pieces));
  const prfOutputs = await recordPrfOutputs(context);
  await context.addInitScript(installReadDeep);
  context.on('console', (message) => void reading.push(readConsole(message)));
  context.on('weberror', (webError) => {
    const error = webError.error();
    add('console', [{ path: 'error', text: `${error.message}\n${error.stack ?? ''}` }]);
  });

  async function readConsole(message: ConsoleMessage): Promise<void> {
    add('console', [{ path: message.type(), text: message.text() }]);
    for (const argument of message.args()) {
      const inside = argument.evaluate((value) => readDeep(value));
      add('console', await inside.catch(() => [])); // The page navigated; the message's text is enough.
    }
  }

  return {
    async watch(page) {
      const cdp = await context.newCDPSession(page);
      sessionByPage.set(page, cdp);
      traffics.push(await recordTraffic(cdp));
    },
    async look(page) {
      const cdp = sessionByPage.get(page);
      if (!cdp) throw new Error('The page was not watched from its beginning.');
      evidence.push(...(await readPage(page, cdp)));
    },
    add,
    async read() {
      while (reading.length > 0) await reading.pop();
      const traffic = await Promise.all(traffics.map((recorded) => recorded.read()));
      return [...evidence, ...traffic.flat()];
    },
    async secrets() {
      const entries = entriesIn(traffics.flatMap((recorded) => recorded.messages()));
      const secrets: Secret[] = [];
      for (const [index, prfOutput] of prfOutputs.entries()) {
        const name = `passkey ${index + 1}`;
        secrets.push(...(await passkeySecrets(name, prfOutput)));
        const seed = seedOf(prfOutput, entries);
        if (seed) secrets.push(...(await accountSecrets(`account of ${name}`, seed)));
      }
      return secrets;
    },
  };
}
