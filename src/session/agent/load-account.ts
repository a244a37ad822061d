import type { LocalNode, RawAccount, RawAccountID } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import { createKernelError, type KernelError } from '../../base/kernel-error.ts';
import type { SyncOptions, SyncPeers } from '../../sync/sync-peers.ts';
import { askRelay, hostsToAsk } from '../opening/ask-relay.ts';
import { getAvailableCoValue, getOrCreateCoValue, loadFromStorage } from '../../engine/covalue-lookup.ts';

/** Content that the relay sends in pieces must arrive within this time. */
const restMs = 10_000;

/** Rejects with ACCOUNT_NOT_FOUND, with ACCOUNT_INVALID if the relay has only the header, or like `askRelay`. */
export async function loadAccount(options: {
  readonly node: LocalNode;
  readonly accountID: RawAccountID;
  readonly sync: SyncOptions | false;
  readonly peers: SyncPeers;
  readonly clock: Clock;
}): Promise<void> {
  const { node, accountID, clock } = options;
  await loadFromStorage(node, accountID);
  if (hasReadKey(node, accountID)) return;
  await askRelay({ ...options, id: accountID, isFound: () => hasReadKey(node, accountID) });
  const host = hostsToAsk(options.sync);
  if (!getAvailableCoValue(node, accountID)) throw notFound(host, accountID);
  await untilReadKey(node, accountID, clock, host);
}

/** One of an account's first transactions sets its read key, without which nothing private can be read or written. */
function hasReadKey(node: LocalNode, accountID: RawAccountID): boolean {
  const core = getAvailableCoValue(node, accountID);
  return core !== undefined && (core.getCurrentContent() as RawAccount).get('readKey') !== undefined;
}

function untilReadKey(node: LocalNode, accountID: RawAccountID, clock: Clock, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const stops = [
      clock.after(restMs, () => {
        end();
        reject(headerOnly(host, accountID));
      }),
      getOrCreateCoValue(node, accountID).subscribe(() => {
        if (!hasReadKey(node, accountID)) return;
        queueMicrotask(end); // The listener may run before `subscribe` returns.
        resolve();
      }),
    ];
    function end(): void {
      for (const stop of stops) stop();
    }
  });
}

function notFound(host: string, accountID: RawAccountID): KernelError {
  return createKernelError(
    'ACCOUNT_NOT_FOUND',
    `The relay at ${host} does not have the account ${accountID}. Check that it is the account’s relay, and that the app that created the account has synced with it.`,
    { details: { host, accountID } },
  );
}

function headerOnly(host: string, accountID: RawAccountID): KernelError {
  return createKernelError(
    'ACCOUNT_INVALID',
    `The relay at ${host} has only the header of the account ${accountID}, and no content. Let the app that created the account sync with this relay, then try again.`,
    { details: { host, accountID } },
  );
}
