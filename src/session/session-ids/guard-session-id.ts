import type { LocalNode, RawCoID } from 'cojson';
import { pause, retry } from '../../base/retry.ts';
import type { Logger } from '../../base/logger.ts';
import type { Platform } from '../../platform/platform.ts';
import { confirmationsOf } from '../../sync/confirmations.ts';
import { currentSessions, isOwnSession } from '../../engine/content.ts';
import { knownCountsOfState } from '../../engine/known-counts.ts';
import type { OwnSessionClaim } from '../../sync/own-session-claims.ts';
import { accountOf, type SyncPlatform } from '../../sync/begin-sync.ts';
import type { SyncPeers } from '../../sync/sync-peers.ts';
import type { KernelDeviceStorage } from '../../storage/kernel-device-storage.ts';
import type { Transport } from '../../transport/transport.ts';
import { countOf, findForks, type Fork } from './own-forks.ts';
import { openRelayCopy, type RelayCopy } from './relay-copy.ts';
import { rewriteAfterFork } from './rewrite-after-fork.ts';
import { getAvailableCoValue, getOrCreateCoValue, readStored } from '../../engine/covalue-lookup.ts';

/** A relay may have no room for a second connection of this device for long. */
const maxRetryMs = 60_000;

/** A relay that replays what two copies of a profile wrote makes the page open a session each time, but not endlessly often. */
const promptReplacements = 3;
const laterReplacementMs = 60_000;
/** Per minute: a relay can make new claims without end, and each check takes a connection. */
const mostLooks = 10;
const looksMs = 60_000;

/**
 * Investigates when a relay claims more of this session than the node wrote. If a copied browser profile
 * shares the ID, retires it and rewrites what the relay lacks under a new one. Returns a function that
 * stops it.
 */
export function guardSessionID(parts: {
  readonly platform: SyncPlatform & Pick<Platform, 'locks'>;
  readonly node: LocalNode;
  readonly sync: SyncPeers;
  /** As in the session's `SyncOptions`. */
  readonly transports?: readonly Transport[] | undefined;
  readonly logger: Logger;
  /** False if this run must leave no trace, not even in the names of locks. */
  readonly isKept: boolean;
  /** How many session IDs this page has lost before. */
  readonly retiredIDs: number;
  /** Moves further edits to a session ID that no other device has. */
  readonly retire: () => void;
  /** Called once, in the turn that rewrote the edits. Must delete the forks from this device before it resolves. */
  readonly onRetired: (forks: readonly Fork[]) => Promise<void>;
}): () => void {
  const { platform, node, sync, transports = [], logger, isKept, retiredIDs, retire, onRetired } = parts;
  const confirmations = confirmationsOf(sync);
  const storage = (node.storage ?? {}) as Partial<KernelDeviceStorage>;
  const sessionsOfThisRun = currentSessions(node);
  /** Keyed by relay and CoValue. */
  const claims = new Map<string, OwnSessionClaim>();
  /** Relays whose claims are being looked into. One that does not answer delays no other. */
  const busy = new Set<string>();
  /** When each relay was last asked, up to `mostLooks` times. */
  const looks = new Map<string, readonly number[]>();
  const ending = new AbortController();

  confirmations?.onOwnSessionClaim((claim) => {
    add(claim);
    void work(claim.relayID);
  });

  function add(claim: OwnSessionClaim): void {
    const key = `${claim.relayID} ${claim.id}`;
    claims.set(key, { ...claims.get(key), ...claim });
  }

  async function work(relayID: string): Promise<void> {
    if (busy.has(relayID)) return;
    busy.add(relayID);
    if (retiredIDs >= promptReplacements) await pause(laterReplacementMs, platform.clock, ending.signal);
    while (keysOf(relayID).length > 0 && !ending.signal.aborted) {
      await pace(relayID);
      await retry(() => lookInto(relayID).catch(warnOf), {
        clock: platform.clock,
        signal: ending.signal,
        maxDelayMs: maxRetryMs,
      });
    }
    busy.delete(relayID);
  }

  async function pace(relayID: string): Promise<void> {
    const latest = looks.get(relayID) ?? [];
    const [firstMs = 0] = latest;
    const leftMs = firstMs + looksMs - platform.clock.elapsedMs();
    if (latest.length === mostLooks && leftMs > 0) await pause(leftMs, platform.clock, ending.signal);
    looks.set(relayID, [...latest, platform.clock.elapsedMs()].slice(-mostLooks));
  }

  function warnOf(error: unknown): never {
    logger.warn('What the relay knows of this session could not be checked', { error });
    throw error;
  }

  /** Two tabs with the same fork in memory must not both rewrite it. */
  function alone(run: () => Promise<void>): Promise<void> {
    const name = `maia/forks/${node.getCurrentAccountOrAgentID()}`;
    return isKept && platform.locks ? platform.locks.request(name, {}, run) : run();
  }

  async function lookInto(relayID: string): Promise<void> {
    const claimed = takeOf(relayID);
    try {
      await decide(relayID, claimed);
    } catch (error) {
      claimed.forEach(add);
      throw error;
    }
  }

  async function decide(relayID: string, claimed: readonly OwnSessionClaim[]): Promise<void> {
    const relay = sync.current.peers.find(({ id }) => id === relayID);
    // The relay repeats its claims on the next connection.
    if (relay?.phase !== 'connected') return;
    const { copy, forks, same, unread, unlike } = await asked(relay.url, claimed);
    if (ending.signal.aborted) return;
    if (forks) return alone(() => replace(forks, copy));
    for (const id of same) accept(id, copy, relayID);
    if (unlike.length + unread.length === 0) return;
    // The session that takes over reads the disk first. It cannot read what is not written yet.
    if (unlike.length > 0 && isAllWritten()) return alone(() => replace([], copy));
    throw new Error('The edits of an earlier run could not be read.');
  }

  async function replace(found: readonly Fork[], copy: RelayCopy): Promise<void> {
    const ids = [...new Set(found.map(({ id }) => id))];
    // Another tab may have rewritten them meanwhile.
    for (const id of ids) await readStored(node, id);
    if (ending.signal.aborted) return;
    const forks = findForks(node, copy.node, ids);
    // The next session would find the same forks on the disk, from which they are deleted once their rewrites are there.
    if (forks.length > 0 && !forks.some(isOfThisRun) && !isAllWritten())
      throw new Error('The edits of an earlier run are written again once the device saves.');
    end();
    retire();
    const written = forks.filter((fork) => rewriteAfterFork(node, fork, forks));
    logger.warn('Another client is writing under this session ID; switching to a new one', {
      forks: forks.length,
    });
    await onRetired(written);
  }

  function isOfThisRun({ sessionID }: Fork): boolean {
    return sessionsOfThisRun.includes(sessionID);
  }

  async function asked(url: string, claimed: readonly OwnSessionClaim[]) {
    const { agentSecret } = node;
    const auth = confirmations?.authAt(url);
    const copy = await openRelayCopy({
      account: accountOf(node),
      agentSecret,
      sync: { url, transports, ...(auth !== undefined && { auth }) },
      platform,
      logger,
    });
    try {
      const forks = await founded(claimed, copy);
      const pending = new Set(confirmations?.pendingAt('confirmed'));
      const unread = claimed.filter(({ id }) => pending.has(id) && !getAvailableCoValue(node, id));
      const same: RawCoID[] = [];
      const unlike: OwnSessionClaim[] = [];
      for (const claim of forks ? [] : claimed) {
        if (unread.includes(claim)) continue;
        if (await isStored(claim.id)) same.push(claim.id);
        else unlike.push(claim);
      }
      return { copy, forks, same, unread, unlike };
    } finally {
      await copy.close();
    }
  }

  function keysOf(relayID: string): readonly string[] {
    return [...claims].flatMap(([key, claim]) => (claim.relayID === relayID ? [key] : []));
  }

  function takeOf(relayID: string): readonly OwnSessionClaim[] {
    return keysOf(relayID).flatMap((key) => {
      const claim = claims.get(key);
      claims.delete(key);
      return claim ?? [];
    });
  }

  /** Returns the forks of all CoValues that wait for the relay. Undefined if it cannot deliver what it claims. */
  async function founded(
    claimed: readonly OwnSessionClaim[],
    copy: RelayCopy,
  ): Promise<readonly Fork[] | undefined> {
    const ids = claimed.map(({ id }) => id);
    const forks = await compared(ids, copy);
    const isAhead = claimed.some(
      ({ id, ahead }) => ahead && countOf(copy.node, id, ahead.sessionID) >= ahead.count,
    );
    if (forks.length === 0 && !isAhead) return undefined;
    const others = new Set([
      ...[...claims.values()].map(({ id }) => id),
      ...(confirmations?.pendingAt('confirmed') ?? []),
    ]);
    for (const id of ids) others.delete(id);
    return [...forks, ...(await compared([...others], copy))];
  }

  function accept(id: RawCoID, copy: RelayCopy, relayID: string): void {
    const found = knownCountsOfState(getOrCreateCoValue(copy.node, id).knownState());
    confirmations?.acceptKnown(id, found, relayID);
  }

  /** False if memory has other own transactions than the storage, which could not be read when a relay filled memory. */
  async function isStored(id: RawCoID): Promise<boolean> {
    const forks = (await storage.stored?.states(new Set([id])))?.get(id)?.forks;
    return ![...(forks ?? [])].some((sessionID) => isOwnSession(node, sessionID));
  }

  function isAllWritten(): boolean {
    return !storage.queuedContent && (storage.status?.current.state ?? 'ok') === 'ok';
  }

  async function compared(ids: readonly RawCoID[], copy: RelayCopy): Promise<readonly Fork[]> {
    await copy.load(ids);
    for (const id of ids) await readStored(node, id);
    return findForks(node, copy.node, ids);
  }

  function end(): void {
    ending.abort();
  }
  return end;
}
