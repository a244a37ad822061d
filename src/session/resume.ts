import { isKernelError } from '../base/kernel-error.ts';
import { silentLogger } from '../base/logger.ts';
import { isRecord } from '../base/record.ts';
import type { Platform } from '../platform/platform.ts';
import { accountUnknownHere } from './device/chosen-account.ts';
import { unlessRefused } from './device/device-errors.ts';
import { throwIfAborted } from './passkeys/ceremony-errors.ts';
import { unlessDeviceFails } from './device/prepare-device.ts';
import { deviceAccounts, type DeviceAccounts } from './device/device-accounts.ts';
import { createGenesis } from './account/genesis.ts';
import { loadEarly } from './opening/load-early.ts';
import { openSession } from './opening/open-session.ts';
import { sessionHere, type Open } from './opening/shared-openings.ts';
import { isSecure, type SecurePlatform } from './account/secure-platform.ts';
import { createSessionCrypto, type SessionCrypto } from '../engine/session-crypto.ts';
import type { Session } from './session.ts';
import type { SessionOptions } from './session-options.ts';
import { openVault } from './device/vault.ts';
import { vaultDamaged } from './device/vault-errors.ts';
import { openAsTab } from './sign-out/open-as-tab.ts';
import { finishRemovals } from './sign-out/removals.ts';
import type { SessionTabs } from './sign-out/session-tabs.ts';

/** Opens a session, even if this page has one of the account, unless `once` prevents that. */
export async function resume(
  platform: Platform,
  options: SessionOptions,
  once?: (accountID: string, open: Open) => Promise<Session | undefined>,
): Promise<Session | undefined> {
  const { signal, logger = silentLogger, remember = 'device' } = options;
  throwIfAborted(signal);
  if (!isSecure(platform) || remember !== 'device') return undefined;
  const device = deviceAccounts(platform);
  // Its WASM compiles for longer than the device takes to answer.
  void loadEarly(platform.indexedDB, createSessionCrypto);
  // This concerns other accounts only: an account with a pending removal has no vault to resume.
  void unlessDeviceFails(finishRemovals(platform), logger);
  if (!device) return undefined;
  for (;;) {
    const vault = await unlessRefused(vaultToOpen(device, options.accountID));
    if (vault === undefined) return undefined;
    const accountID = accountOf(vault);
    const open = (shared: AbortSignal | undefined) => {
      const crypto = createSessionCrypto();
      crypto.catch(() => {}); // Reported where it is used.
      return unlessSignedOut(
        openAsTab(platform, accountID, options, async (tabs) => {
          // A sign-out in this page was refused meanwhile.
          const here = once && sessionHere(accountID);
          if (here) tabs?.close();
          return (
            here ?? resumeAccount({ platform, device, crypto, accountID, options, tabs, signal: shared })
          );
        }),
      );
    };
    const session = await (once ? once(accountID, open) : open(signal));
    if (session) return session;
  }
}

/** Resolves with undefined if the account was signed out before other tabs could see this one. */
async function resumeAccount(parts: {
  readonly platform: SecurePlatform;
  readonly device: DeviceAccounts;
  readonly crypto: Promise<SessionCrypto>;
  readonly accountID: string;
  readonly options: SessionOptions;
  readonly tabs: SessionTabs | undefined;
  readonly signal: AbortSignal | undefined;
}): Promise<Session | undefined> {
  const { platform, device, accountID, options, tabs, signal } = parts;
  const { logger = silentLogger } = options;
  const { vault, copies } = await device.remembered(accountID);
  if (vault === undefined) {
    tabs?.close();
    return undefined;
  }
  const [{ seed, passkey }, crypto] = await Promise.all([openVault(platform, vault), parts.crypto]);
  const genesis = await createGenesis(crypto, platform.subtle, seed);
  if (genesis.accountID !== accountID) throw vaultDamaged('belongs to another account');
  throwIfAborted(signal);
  const keyrings = copies.flatMap(({ content }) => content);
  const session = await openSession(platform, { crypto, genesis, seed, keyrings, passkey }, options, tabs);
  // Not awaited: the disk may be slow. A missing vault means that a tab signed out and could not reach this one.
  void unlessDeviceFails(device.markUsed(accountID), logger).then((isKept) => {
    if (isKept === false) tabs?.endHere();
  });
  return session;
}

/** Undefined if another tab signed the account out meanwhile, or tried to. */
async function unlessSignedOut<T>(opening: Promise<T>): Promise<T | undefined> {
  try {
    return await opening;
  } catch (error) {
    if (isKernelError(error, 'SESSION_CLOSED') && error.details.isSignedOut) return undefined;
    throw error;
  }
}

/** The account that a record names, which its encrypted content must confirm. */
function accountOf(vault: unknown): string {
  if (isRecord(vault) && typeof vault['accountID'] === 'string') return vault['accountID'];
  throw vaultDamaged('is not well-formed');
}

/** Rejects with ACCOUNT_NOT_FOUND if no record here names the requested account. */
async function vaultToOpen(device: DeviceAccounts, accountID: string | undefined): Promise<unknown> {
  if (accountID === undefined) return device.latestVault();
  const vault = await device.vaultOf(accountID);
  if (vault === undefined && !(await device.knows(accountID))) throw accountUnknownHere(accountID);
  return vault;
}
