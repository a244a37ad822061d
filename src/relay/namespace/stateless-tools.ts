import type { LocalNode } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { SignInMethods } from '../auth/sign-in-methods.ts';
import type { Principal } from '../auth/principal.ts';
import type { Rights } from '../authorize/authorizer.ts';
import type { Beginnings } from '../beginnings/beginnings.ts';
import type { SignInLimits } from '../client/connection-options.ts';
import type { ReadTurns } from '../client/reading/read-turns.ts';
import type { WireMeasure } from '../client/wire-measure.ts';
import type { Erasures } from '../erasure/erasures.ts';
import type { BearerStore } from '../storage/bearer-store.ts';
import type { Database } from '../database/database.ts';
import type { StorageIdentity } from '../database/schema.ts';
import type { MemoryBudget } from '../memory/memory-budget.ts';
import type { Restrictions } from '../operator/restrictions.ts';
import type { Usage } from '../quota/usage.ts';
import type { SqlStorage } from '../storage/sql-storage.ts';
import type { CommitNews } from './commit-news.ts';

/** The parts of a namespace that answer clients without a connection. */
export interface StatelessTools {
  /** Undefined for the default namespace. */
  readonly appID: string | undefined;
  readonly node: LocalNode;
  readonly storage: SqlStorage;
  readonly beginnings: Pick<Beginnings, 'sinceMs'>;
  readonly restrictions: Pick<Restrictions, 'blockOf' | 'barredBy' | 'closedBy' | 'isTakenDown' | 'list'>;
  /** Undefined if clients need not sign in. */
  readonly usage: Pick<Usage, 'enter' | 'left'> | undefined;
  readonly turns: ReadTurns;
  readonly memory: MemoryBudget;
  readonly measure: WireMeasure;
  /** Undefined if clients need not sign in. */
  readonly signInMethods: SignInMethods | undefined;
  /** The same, but they let in those who are blocked, too. */
  readonly offeredMethods: SignInMethods | undefined;
  /** What a user may load and send; undefined if that is everything. */
  readonly rightsOf: ((principal: Principal | undefined) => Rights) | undefined;
  /** Shared by the relays of the storage. */
  readonly bearerStore: BearerStore;
  readonly signIns: Pick<SignInLimits, 'signInFailed' | 'signInRefusal'>;
  readonly erasures: Erasures;
  /** Whether a proof for this address is for this relay and this app. */
  isAudience(url: string): boolean;
  readonly minAppVersion: string | undefined;
  readonly durability: Database['durability'];
  identity(): StorageIdentity;
  /** Gives the storage a new epoch. Resolves with it once all clients of this relay are disconnected, so that they compare everything. */
  renewEpoch(): Promise<StorageIdentity>;
  /** Calls `run` once memory and the database are known to agree. */
  onceSure(run: () => void): void;
  /** Why clients are not served. */
  hindrance(): string | undefined;
  /** Content of these CoValues was committed that this relay's node has not seen: passes it on to the node and to clients. */
  applyCommitted(ids: readonly string[]): void;
  /** What is committed, by this relay and by others. */
  readonly news: CommitNews;
  /** Whether no other relay can use the database. */
  readonly isAlone: boolean;
  readonly clock: Clock;
  readonly logger: Logger;
}
