import {
  Account,
  coValueClassFromCoValueClassOrSchema,
  type AccountClass,
  type AnyAccountSchema,
  type InstanceOfSchema,
  type JazzContextManager,
} from 'jazz-tools';
import type { Session } from '../session/session.ts';
import { activateAccount } from './active-accounts.ts';
import { assertSameCojson } from './duplicate-cojson.ts';
import { runMigration } from './run-migration.ts';
import { SessionContextManager } from './session-context-manager.ts';

export interface JazzManagerOptions<S extends AnyAccountSchema> {
  /** The app's schema of the account, such as `co.account({ … }).withMigration(…)`. */
  readonly AccountSchema: S;
}

export interface JazzManager<A extends Account = Account> {
  /** The value of jazz-tools' `JazzContext`. After the end, the hooks keep what they last showed. */
  readonly manager: JazzContextManager<A, Record<never, never>>;
  /** The session's account. jazz-tools' active account until `close`. */
  readonly me: A;
  /**
   * Resolves once the migration of `AccountSchema` has run, once for a session. On a device that has nothing of the account's root
   * yet, it waits up to 10 s for the relays first. Rejects with what the migration threw, or like `session.load`.
   */
  readonly migrated: Promise<void>;
  /** Called when the session closes, too. Closes the manager, but not the session. Idempotent. */
  close(): void;
}

/** The migrations that were begun, by schema. */
const migrations = new WeakMap<Session, Map<unknown, Promise<void>>>();

/**
 * jazz-tools on a session: its schemas, hooks and invites use the session's node, so everything is saved, synced and counted by
 * the kernel. The account of the manager created last is jazz-tools' active one. Throws COJSON_DUPLICATED.
 */
export function createJazzManager(session: Session): JazzManager;
export function createJazzManager<S extends AnyAccountSchema>(
  session: Session,
  options: JazzManagerOptions<S>,
): JazzManager<InstanceOfSchema<S> & Account>;
export function createJazzManager(
  session: Session,
  { AccountSchema }: Partial<JazzManagerOptions<AnyAccountSchema>> = {},
): JazzManager {
  assertSameCojson(session);
  const me = classOf(AccountSchema).fromNode<Account>(session.node);
  const deactivate = activateAccount(me);
  const manager = new SessionContextManager(session, me, close);
  const stopListening = session.on('closed', close);
  let isOpen = true;

  function close(): void {
    if (!isOpen) return;
    isOpen = false;
    stopListening();
    deactivate();
    manager.getSubscriptionScopeCache().clear();
    manager.notify();
  }

  return {
    manager,
    me,
    migrated: AccountSchema ? migrateOnce(session, AccountSchema, me) : Promise.resolve(),
    close,
  };
}

function classOf(schema: AnyAccountSchema | undefined): AccountClass<Account> {
  return schema ? coValueClassFromCoValueClassOrSchema(schema) : Account;
}

/** Frameworks may create a manager twice, but two migrations at once would both find nothing, and both write. */
function migrateOnce(session: Session, schema: AnyAccountSchema, me: Account): Promise<void> {
  const begun = migrations.get(session) ?? new Map<unknown, Promise<void>>();
  migrations.set(session, begun);
  const migration = begun.get(schema) ?? runMigration(session, me);
  begun.set(schema, migration);
  // The next manager tries again.
  migration.catch(() => begun.delete(schema));
  return migration;
}
