import { JazzContextManager, type Account } from 'jazz-tools';
import type { SyncState } from '../sync/sync-state.ts';
import type { Session } from '../session/session.ts';

/** What jazz-tools' hooks read. The session opens and closes the account; jazz-tools does neither. */
export class SessionContextManager<A extends Account> extends JazzContextManager<A, Record<never, never>> {
  readonly #session: Session;

  constructor(session: Session, me: A, done: () => void) {
    super();
    this.#session = session;
    const { node, sync } = session;
    // Published before this returns: with credentials, jazz-tools waits for nothing. It reads only the provider, and must not
    // have the secret, which it would keep.
    void this.updateContext(
      {},
      {
        me,
        node,
        logOut: () => this.logOut(),
        done,
        connected: () => isConnected(sync.current),
        addConnectionListener: (listener) => sync.subscribe((state) => listener(isConnected(state))),
      },
      {
        credentials: {
          accountID: session.accountID,
          accountSecret: undefined as never,
          provider: 'maia-kernel',
        },
      },
    );
  }

  /** Rejects like `session.signOut`; jazz-tools' own would only log that. */
  override logOut = (): Promise<void> => this.#session.signOut();

  /** For jazz-tools' sign-in and sign-up. */
  override getNewContext(): Promise<never> {
    return Promise.reject(
      new Error(
        'The account of this manager is a session’s. Sign in by @MaiaOS/kernel, then create a manager.',
      ),
    );
  }
}

/** Whether a relay is connected. */
export function isConnected({ peers }: SyncState): boolean {
  return peers.some(({ phase }) => phase === 'connected');
}
