import type { RawCoID } from 'cojson';
import { createBrowserPlatform } from '../../../src/platform/browser-platform.ts';
import { systemClock, type Clock } from '../../../src/base/clock.ts';
import type { Platform } from '../../../src/platform/platform.ts';
import type { Session } from '../../../src/session/session.ts';
import type { SessionOptions, SignUpOptions } from '../../../src/session/session-options.ts';
import { signIn } from '../../../src/session/sign-in.ts';
import { signUp } from '../../../src/session/sign-up/sign-up.ts';
import { createFakePasskeys, type FakePasskeys } from '../platform/fake-passkeys.ts';
import { createNodePlatform } from '../platform/node-platform.ts';
import { startStockRelay, type StockRelay } from '../sync/stock-relay.ts';

/**
 * One person's passkeys, one relay, and any number of devices in Node. Like some private windows, they have no
 * IndexedDB; tests in Chromium cover storage.
 */
export interface TestSessions {
  readonly passkeys: FakePasskeys;
  readonly relay: StockRelay;
  /** Another device of the same person. */
  device(changes?: Partial<Platform>): Platform;
  signedUp(options?: SignUpOptions): Promise<Session>;
  signedIn(options?: SessionOptions): Promise<Session>;
  /** The relay's content of a CoValue, as text. */
  atRelay(id: RawCoID): string;
  /** Closes the relay. `startRelay` starts an empty one at the same address. */
  stopRelay(): Promise<void>;
  startRelay(): Promise<void>;
  /** Runs at the end, in reverse order of registration. */
  onEnd(end: () => unknown): void;
  end(): Promise<void>;
}

export async function createTestSessions(): Promise<TestSessions> {
  const passkeys = createFakePasskeys();
  const ends: (() => unknown)[] = [];
  let relay = await startStockRelay();
  ends.push(() => relay.close());

  function device(changes: Partial<Platform> = {}): Platform {
    const node = createNodePlatform();
    const page = { ...node.page, url: new URL('https://app.example/notes') };
    const clock = clockWithSpeed(5);
    return { ...createBrowserPlatform(), ...node, clock, page, passkeys, indexedDB: undefined, ...changes };
  }

  async function opened(opening: Promise<Session>): Promise<Session> {
    const session = await opening;
    ends.push(() => session.close());
    return session;
  }

  return {
    passkeys,
    get relay() {
      return relay;
    },
    device,
    signedUp: (options = { sync: { url: relay.url } }) => opened(signUp(device(), options)),
    signedIn: (options = { sync: { url: relay.url } }) => opened(signIn(device(), options)),
    atRelay: (id) => JSON.stringify(relay.node.getCoValue(id).newContentSince()),
    stopRelay: () => relay.close(),
    async startRelay() {
      relay = await startStockRelay({ port: relay.port });
    },
    onEnd: (end) => void ends.push(end),
    async end() {
      for (const end of ends.splice(0).reverse()) await end();
    },
  };
}

/** Divides all of the kernel's waits by a factor. */
export function clockWithSpeed(speed: number): Clock {
  const startMs = Date.now();
  return {
    nowMs: () => startMs + (Date.now() - startMs) * speed,
    elapsedMs: () => performance.now() * speed,
    after: (delayMs, run) => systemClock.after(delayMs / speed, run),
  };
}
