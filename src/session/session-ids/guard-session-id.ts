import type { LocalNode, RawCoID } from 'cojson';
import type { Logger } from '../../base/logger.ts';
import type { Platform } from '../../platform/platform.ts';
import { confirmationsOf } from '../../sync/confirmations.ts';
import { coverageOfState } from '../../engine/known-counts.ts';
import type { OwnSessionClaim } from '../../sync/own-session-claims.ts';
import type { SyncPlatform } from '../../sync/begin-sync.ts';
import type { SyncPeers } from '../../sync/sync-peers.ts';
import { countOf, findForks, type Fork } from './own-forks.ts';
import { openRelayCopy, type RelayCopy } from './relay-copy.ts';
import { writeAgain } from './rewrite-after-fork.ts';

/**
 * Looks into what a relay says of the node's own session that cannot be this node's doing. A browser profile that was
 * copied, or restored from a backup, writes under the same session elsewhere. Where it is so, nothing more is written under
 * it, and what this device wrote and the relay has not is written again. Returns the end.
 */
export function guardSessionID(parts: {
  readonly platform: SyncPlatform & Pick<Platform, 'locks'>;
  readonly node: LocalNode;
  readonly sync: SyncPeers;
  readonly logger: Logger;
  /** False: this run leaves no trace, not even in the names of locks. */
  readonly isKept: boolean;
  readonly canRetire: boolean;
  /** Lets further edits go under a session that nobody else has. */
  readonly retire: () => void;
  /** Once, in the turn in which the edits were written again: the forks are then to be forgotten on this device. Resolves when they are. */
  readonly onRetired: (forks: readonly Fork[]) => Promise<void>;
}): () => void {
  const { platform, node, sync, logger, isKept, canRetire, retire, onRetired } = parts;
  const confirmations = confirmationsOf(sync);
  /** By relay and CoValue. */
  const claims = new Map<string, OwnSessionClaim>();
  let isBusy = false;
  let isEnded = false;

  confirmations?.onOwnSessionClaim((claim) => {
    const key = `${claim.relayID} ${claim.id}`;
    claims.set(key, { ...claims.get(key), ...claim });
    void work();
  });

  async function work(): Promise<void> {
    if (isBusy || isEnded || !canRetire) return;
    isBusy = true;
    try {
      while (claims.size > 0 && !isEnded) await alone(lookInto);
    } catch (error) {
      claims.clear(); // The relay says it again on the next connection.
      logger.warn('What the relay says of this session could not be looked into', { error });
    } finally {
      isBusy = false;
    }
  }

  /** Tabs that have the same fork in their memory write nothing again twice. */
  function alone(run: () => Promise<void>): Promise<void> {
    const name = `maia/forks/${node.getCurrentAccountOrAgentID()}`;
    return isKept && platform.locks ? platform.locks.request(name, {}, run) : run();
  }

  async function lookInto(): Promise<void> {
    const { relayID, claimed } = takeOfOneRelay();
    const relay = sync.current.peers.find(({ id }) => id === relayID);
    if (!relay) return;
    const { agentSecret } = node;
    const copy = await openRelayCopy({ agentSecret, url: relay.url, platform, logger });
    let forks: readonly Fork[] | undefined;
    try {
      forks = await founded(claimed, copy);
    } finally {
      await copy.close();
    }
    if (isEnded) return;
    if (!forks) {
      for (const { id } of claimed)
        confirmations?.believe(id, coverageOfState(copy.node.getCoValue(id).knownState()), relayID);
      return;
    }
    end();
    retire();
    const written = forks.filter((fork) => writeAgain(node, fork));
    logger.warn('Somebody else writes under the session of this page, which gets another one', {
      forks: forks.length,
    });
    await onRetired(written);
  }

  function takeOfOneRelay() {
    const relayID = [...claims.values()][0]?.relayID ?? '';
    const taken = [...claims].filter(([, claim]) => claim.relayID === relayID);
    for (const [key] of taken) claims.delete(key);
    return { relayID, claimed: taken.map(([, claim]) => claim) };
  }

  /** All forks of what waits for the relay; undefined where the relay's claims are nothing but claims. */
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

  async function compared(ids: readonly RawCoID[], copy: RelayCopy): Promise<readonly Fork[]> {
    await copy.load(ids);
    for (const id of ids) await readStored(node, id);
    return findForks(node, copy.node, ids);
  }

  function end(): void {
    isEnded = true;
  }
  return end;
}

/** With what other tabs have written meanwhile. */
function readStored(node: LocalNode, id: RawCoID): Promise<unknown> {
  const core = node.getCoValue(id);
  const { storage, syncManager } = node;
  return new Promise((resolve) => {
    if (!core.isAvailable()) core.loadFromStorage(resolve);
    else if (storage)
      storage.load(id, (content) => syncManager.handleNewContent(content, 'storage'), resolve);
    else resolve(true);
  });
}
