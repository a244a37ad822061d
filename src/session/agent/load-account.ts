import type { LocalNode, RawAccount, RawAccountID } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import { createKernelError, type KernelError } from '../../base/kernel-error.ts';
import type { SyncOptions, SyncPeers } from '../../sync/sync-peers.ts';
import { askRelay, hostToAsk } from '../opening/ask-relay.ts';

/** What is sent in pieces comes within this time, or not at all. */
const restMs = 10_000;

/**
 * Loads the account into its node, from the storage, else from the relay. Rejects with ACCOUNT_NOT_FOUND where the relay
 * has none, with ACCOUNT_INVALID where it has no more than the account's header, and as `askRelay` where none could be asked.
 */
export async function loadAccount(options: {
  readonly node: LocalNode;
  readonly accountID: RawAccountID;
  readonly sync: SyncOptions | false;
  readonly peers: SyncPeers;
  readonly clock: Clock;
}): Promise<void> {
  const { node, accountID, clock } = options;
  await new Promise((resolve) => node.getCoValue(accountID).loadFromStorage(resolve));
  if (hasReadKey(node, accountID)) return;
  await askRelay({ ...options, id: accountID });
  const host = hostToAsk(options.sync);
  if (!node.getCoValue(accountID).isAvailable()) throw notFound(host, accountID);
  await untilReadKey(node, accountID, clock, host);
}

/** Without it nothing private can be read or written; it is among the first things that an account says. */
function hasReadKey(node: LocalNode, accountID: RawAccountID): boolean {
  const core = node.getCoValue(accountID);
  return core.isAvailable() && (core.getCurrentContent() as RawAccount).get('readKey') !== undefined;
}

function untilReadKey(node: LocalNode, accountID: RawAccountID, clock: Clock, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = [
      clock.after(restMs, () => {
        end();
        reject(headerOnly(host, accountID));
      }),
      node.getCoValue(accountID).subscribe(() => {
        if (!hasReadKey(node, accountID)) return;
        queueMicrotask(end); // It may be called before `subscribe` has returned.
        resolve();
      }),
    ];
    function end(): void {
      for (const each of stop) each();
    }
  });
}

function notFound(host: string, accountID: RawAccountID): KernelError {
  return createKernelError(
    'ACCOUNT_NOT_FOUND',
    `The relay at ${host} does not have the account ${accountID}. Check that it is the account’s relay, and that what made the account has synced with it.`,
    { details: { host, accountID } },
  );
}

function headerOnly(host: string, accountID: RawAccountID): KernelError {
  return createKernelError(
    'ACCOUNT_INVALID',
    `The relay at ${host} has of the account ${accountID} only that it exists, and nothing that is in it. Let what made the account sync with it, then try again.`,
    { details: { host, accountID } },
  );
}
