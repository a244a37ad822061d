import { createBrowserPlatform } from '../../../src/platform/browser-platform.ts';
import type { Passkeys } from '../../../src/platform/passkey-api.ts';
import type { Platform } from '../../../src/platform/platform.ts';
import { resume } from '../../../src/session/resume.ts';
import type { Session } from '../../../src/session/session.ts';
import type { SessionOptions, SignInOptions, SignUpOptions } from '../../../src/session/session-options.ts';
import { signIn } from '../../../src/session/sign-in.ts';
import { signUp } from '../../../src/session/sign-up/sign-up.ts';
import { createDatabases, type Databases } from '../storage/databases.ts';
import { createFakePasskeys, type FakePasskeys } from '../platform/fake-passkeys.ts';

/** An offline browser on one device with real storage; only the passkeys are fakes. */
export interface TestDevice {
  readonly platform: Platform;
  readonly passkeys: FakePasskeys;
  readonly databases: Databases;
  signedUp(options?: SignUpOptions, other?: Passkeys): Promise<Session>;
  signedIn(options?: SignInOptions, other?: Passkeys): Promise<Session>;
  resumed(options?: SessionOptions): Promise<Session | undefined>;
  /** Acts like a reload: ends the page's sessions after their writes. */
  reloaded(): Promise<Session>;
  /** The raw records. */
  vaults(): Promise<readonly RawVault[]>;
  putVault(vault: object): Promise<void>;
  closeAll(): Promise<void>;
  /** Closes all sessions and deletes the device's data. */
  end(): Promise<void>;
}

export type RawVault = Readonly<Record<string, unknown>> & {
  readonly sealed: { readonly v: 1; readonly iv: string; readonly data: string };
};

export function createTestDevice(indexedDB: IDBFactory): TestDevice {
  const databases = createDatabases(indexedDB);
  const passkeys = createFakePasskeys();
  const platform = { ...createBrowserPlatform(), passkeys };
  const open: Session[] = [];

  async function opened<T extends Session | undefined>(opening: Promise<T>): Promise<T> {
    const session = await opening;
    if (session) open.push(session);
    return session;
  }

  async function closeAll(): Promise<void> {
    await Promise.all(open.splice(0).map((session) => session.close()));
  }

  const resumed = (options?: SessionOptions) => opened(resume(platform, { sync: false, ...options }));

  return {
    platform,
    passkeys,
    databases,
    signedUp: (options, other) =>
      opened(signUp(other ? { ...platform, passkeys: other } : platform, { sync: false, ...options })),
    signedIn: (options, other = passkeys) =>
      opened(signIn({ ...platform, passkeys: other }, { sync: false, ...options })),
    resumed,
    async reloaded() {
      await closeAll();
      const session = await resumed();
      if (!session) throw new Error('the device remembers nobody');
      return session;
    },
    vaults: () => databases.request('maia-device', 'vaults', (store) => store.getAll()),
    putVault: (vault) => databases.request('maia-device', 'vaults', (store) => store.put(vault)),
    closeAll,
    async end() {
      await closeAll();
      await databases.deleteAll();
    },
  };
}
