import { expect, vi } from 'vitest';
import { isKernelError, type KernelError } from '../../../src/base/kernel-error.ts';
import type { Locks } from '../../../src/platform/platform.ts';
import { activeSession } from '../../../src/session/active-session.ts';
import type { Session } from '../../../src/session/session.ts';
import type { TestDevice } from './test-device.ts';

/** Another session of the same account, like another tab's: each session has its own channel and lock. */
export async function anotherTab(device: TestDevice): Promise<Session> {
  const session = await device.resumed();
  if (!session) throw new Error('the device remembers nobody');
  return session;
}

export function closedWith(session: Session) {
  const closed = vi.fn<(reason: KernelError | undefined) => void>();
  session.on('closed', closed);
  return closed;
}

/** The error that a sign-out rejects with. */
export async function refusalOf(signingOut: Promise<void>): Promise<KernelError<'UNSYNCED_CHANGES'>> {
  const error: unknown = await signingOut.catch((reason: unknown) => reason);
  if (!isKernelError(error, 'UNSYNCED_CHANGES')) throw new Error('It went through.', { cause: error });
  return error;
}

/** The number of records in a store of the device's database. */
export const countIn = (device: TestDevice, store: string) =>
  device.databases.request<number>('maia-device', store, (records) => records.count());

/** The database that holds the account's content. */
export const contentOf = ({ accountID }: Session) => `maia-${accountID}`;

/** Ends every session of the page and deletes its databases. */
export async function endAll(device: TestDevice): Promise<void> {
  while (activeSession.current) await activeSession.current.close();
  await device.end();
}

/** A tab that, once the other tabs have ended for its sign-out, waits until `goOn`. */
export function pausedSignOut(device: TestDevice) {
  const { locks } = device.platform;
  if (!locks?.query) throw new Error('The browser has no locks.');
  const { query } = locks;
  let goOn = () => {};
  const gate = new Promise<void>((resolve) => (goOn = resolve));
  let reached = () => {};
  const isThere = new Promise<void>((resolve) => (reached = resolve));
  let queries = 0;
  let isBegun = false;
  const pausing: Locks = {
    request: (...args) => locks.request(...args),
    async query() {
      // The first finds whom to ask, and the second who of them is still there.
      if (isBegun && ++queries === 2) {
        reached();
        await gate;
      }
      return query.call(locks);
    },
  };
  return { platform: { ...device.platform, locks: pausing }, begin: () => (isBegun = true), isThere, goOn };
}

export async function expectAwaited(lock: string): Promise<void> {
  const { pending = [] } = await navigator.locks.query();
  expect(pending.map(({ name }) => name)).toContain(lock);
}
