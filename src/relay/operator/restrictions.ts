import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { CoValueHeader } from '../../engine/content.ts';
import type { Principal } from '../auth/principal.ts';
import type { Database } from '../database/database.ts';
import { followRows, type FollowedRows } from './followed-rows.ts';
import type { Block, RestrictedTarget, Restriction } from './restriction.ts';
import { deleteRestriction, readRestrictions, storeRestriction } from './restriction-rows.ts';

/** The restrictions in force, in memory, because every message is checked against them. None before `load`. */
export interface Restrictions extends Pick<FollowedRows, 'load' | 'refresh' | 'stop'> {
  blockOf(principal: Pick<Principal, 'kind' | 'id'>): Block | undefined;
  /** Of an account, or of an agent, whose account it is. */
  isBlocked(author: string): boolean;
  /** Whether it is served like a CoValue that is not there. */
  isTakenDown(coValueID: string): boolean;
  /** Why no content of a CoValue is taken. `newHeader`: unless it is stored already. */
  closedBy(coValueID: string, newHeader?: CoValueHeader): 'taken-down' | 'erased' | undefined;
  /** Why no content of an author is taken. */
  barredBy(author: string): 'blocked' | 'erased-author' | undefined;
  /** Oldest first. */
  list(): readonly Restriction[];
  /** Resolves once it is in force here, with false if there are too many. Rejects if the database does not take it. */
  add(restriction: Restriction): Promise<boolean>;
  /** Resolves once it is out of force here, with false if there was none. */
  remove(target: RestrictedTarget): Promise<boolean>;
}

export interface RestrictionsOptions {
  readonly database: Pick<Database, 'query' | 'write'>;
  /** The account that an agent has made for itself. */
  accountIDOf(agentID: string): string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly on: {
    /** Some came into force. */
    began(): void;
    /** Some ended. */
    ended(): void;
    /** This relay stored or deleted one: the others should refresh. */
    changed(): void;
  };
}

type Kind = Restriction['kind'];
type ByKind = Readonly<Record<Kind, ReadonlyMap<string, Restriction>>>;

const none: ByKind = { account: new Map(), principal: new Map(), covalue: new Map() };
/** Someone may set the clock. */
const longestTimerMs = 60_000;

export function createRestrictions({
  database,
  accountIDOf,
  clock,
  logger,
  on,
}: RestrictionsOptions): Restrictions {
  let stored: readonly Restriction[] = [];
  let inForce = none;
  let cancelTimer = () => {};

  const rows = followRows({
    read: () => readRestrictions(database.query),
    apply(restrictions) {
      stored = restrictions;
      apply();
    },
    changed: on.changed,
    name: 'what the operator has blocked',
    ...{ clock, logger },
  });

  /** What has ended by a clock that is then corrected comes into force again. */
  function apply(): void {
    const before = inForce;
    const nowMs = clock.nowMs();
    const current = stored.filter(({ untilMs }) => untilMs === 0 || untilMs > nowMs);
    inForce = {
      account: mapOf(current, 'account'),
      principal: mapOf(current, 'principal'),
      covalue: mapOf(current, 'covalue'),
    };
    endInTime(nowMs);
    if (hasMore(inForce, before)) on.began();
    if (hasMore(before, inForce)) on.ended();
  }

  function endInTime(nowMs: number): void {
    cancelTimer();
    const ends = stored.filter(({ untilMs }) => untilMs > 0);
    if (ends.length === 0 || rows.signal.aborted) return;
    const leftMs = ends.map(({ untilMs }) => untilMs - nowMs).filter((ms) => ms > 0);
    const firstMs = leftMs.reduce((first, ms) => Math.min(first, ms), longestTimerMs);
    cancelTimer = clock.after(firstMs, apply);
  }

  const all = () => Object.values(inForce).flatMap((restrictions) => [...restrictions.values()]);

  function accountBlockOf(author: string): Restriction | undefined {
    if (inForce.account.size === 0) return undefined;
    return inForce.account.get(author.startsWith('co_') ? author : accountIDOf(author));
  }

  return {
    load: rows.load,
    refresh: rows.refresh,
    blockOf: ({ kind, id }) => (kind === 'token' ? inForce.principal.get(id) : accountBlockOf(id)),
    isBlocked: (author) => accountBlockOf(author) !== undefined,
    isTakenDown: (coValueID) => inForce.covalue.has(coValueID),
    closedBy: (coValueID) => (inForce.covalue.has(coValueID) ? 'taken-down' : undefined),
    barredBy: (author) => (accountBlockOf(author) ? 'blocked' : undefined),
    list: () => all().sort((one, other) => one.sinceMs - other.sinceMs),
    add: async (restriction) => rows.afterChange(await storeRestriction(database, restriction)),
    remove: async (target) => rows.afterChange(await deleteRestriction(database, target)),
    stop() {
      rows.stop();
      cancelTimer();
    },
  };
}

function mapOf(restrictions: readonly Restriction[], kind: Kind): ReadonlyMap<string, Restriction> {
  return new Map(restrictions.filter((one) => one.kind === kind).map((one) => [one.id, one]));
}

function hasMore(these: ByKind, those: ByKind): boolean {
  const kinds = Object.keys(these) as readonly Kind[];
  return kinds.some((kind) => [...these[kind].keys()].some((id) => !those[kind].has(id)));
}
