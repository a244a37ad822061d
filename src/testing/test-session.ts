import { createLazyModule } from '../base/lazy-module.ts';
import { faultyTransport, type FaultPlan } from '../transport/faulty-transport.ts';
import type { Session } from '../session/session.ts';

export interface TestSessionOptions {
  /** Default: no relay. */
  readonly relayUrl?: string;
  /** The account's name. */
  readonly name?: string;
  /** What the connection to the relay suffers. */
  readonly faults?: FaultPlan;
}

// A static import would take files out of the chunks of the kernel, so that each app would fetch more files.
const kernel = /* @__PURE__ */ createLazyModule(() => import('../index.ts'));

/**
 * Opens a new account without a passkey, in a browser or in Node, without a prompt. It is kept nowhere, and `session.close()` ends
 * it. Resolves once the relay has the account; with `faults`, at once.
 *
 * Rejects with SYNC_URL_INVALID, and, unless there are `faults`, with RELAY_UNREACHABLE or whatever else the first attempt to
 * connect fails with; or as `session.rename` does.
 */
export async function createTestSession({
  relayUrl,
  name,
  faults,
}: TestSessionOptions = {}): Promise<Session> {
  const { signUpWithRecoveryPhrase, webSocketTransport, httpTransport } = await kernel.load();
  const transports =
    faults && [webSocketTransport(), httpTransport()].map((each) => faultyTransport(each, faults));
  const { session } = await signUpWithRecoveryPhrase({
    remember: 'never',
    anotherAccount: true,
    sync: relayUrl === undefined ? false : { url: relayUrl, ...(transports && { transports }) },
  });
  try {
    if (name !== undefined) await session.rename(name);
    if (relayUrl !== undefined && !faults) await untilStored(session);
  } catch (error) {
    await session.close();
    throw error;
  }
  return session;
}

async function untilStored(session: Session): Promise<void> {
  const { sync } = session;
  const ending = new AbortController();
  const failed = new Promise<never>((_, reject) => {
    const stop = sync.subscribe(({ peers: [peer], error }) => {
      const failure = peer && 'error' in peer ? peer.error : error;
      if (failure) reject(failure);
    });
    ending.signal.addEventListener('abort', stop);
  });
  try {
    await Promise.race([sync.whenConfirmed(undefined, { signal: ending.signal }), failed]);
  } finally {
    ending.abort();
  }
}
