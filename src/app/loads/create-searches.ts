import type { PeerState, RawCoID, SyncMessage } from 'cojson';
import { listen } from '../../engine/node-events.ts';
import { confirmationsOf, type Confirmations } from '../../sync/confirmations.ts';
import { isPartial } from '../../wire/sync-message.ts';
import type { AppParts } from '../app-parts.ts';
import { createSearch, type RunningSearch, type Search } from './search.ts';

/** Searches for CoValues. They share what they listen to, which ends with the last of them. */
export interface Searches {
  /** `onChange`: what the search has found, or the content in it, may have changed. */
  create(id: RawCoID, onChange: () => void): Search;
}

export function createSearches(parts: Pick<AppParts, 'node' | 'sync' | 'storage' | 'clock'>): Searches {
  const { node, sync, storage } = parts;
  const running = new Set<RunningSearch>();
  /** By the ID of each CoValue about which a search needs answers. */
  const byID = new Map<string, Set<RunningSearch>>();
  let stopFollowing: (() => void) | undefined;
  /** The sync that will notify the searches, because its relays may have lost data. */
  let awaited: Confirmations | undefined;

  function checkAll(): void {
    for (const search of [...running]) search.check();
  }

  function follow(): () => void {
    let phases = '';
    const ends = [
      listen(node, { handled }),
      storage.status.subscribe(checkAll),
      sync.subscribe(({ peers }) => {
        const before = phases;
        phases = peers.map(({ phase }) => phase).join();
        if (phases !== before) checkAll();
      }),
    ];
    return () => {
      for (const end of ends) end();
    };
  }

  /** Whether the relays' answers count. Until they do, one of them may have lost what it lacks. */
  function isSure(): boolean {
    const confirmations = confirmationsOf(sync);
    if (!confirmations || confirmations.isSure()) return true;
    if (awaited !== confirmations) {
      awaited = confirmations;
      void confirmations.whenSure().then(() => {
        awaited = undefined;
        checkAll();
      });
    }
    return false;
  }

  function handled(message: SyncMessage, peer: PeerState): void {
    if (message.action !== 'content' && message.action !== 'known') return;
    // It answers content that this device sent, not a question.
    if (isPartial(message)) return;
    for (const search of [...(byID.get(message.id) ?? [])]) search.answered(message, peer);
  }

  function started(search: RunningSearch): void {
    stopFollowing ??= follow();
    running.add(search);
  }

  function need(search: RunningSearch, id: string): void {
    byID.set(id, (byID.get(id) ?? new Set()).add(search));
  }

  function ended(search: RunningSearch, ids: Iterable<string>): void {
    running.delete(search);
    for (const id of ids) {
      const others = byID.get(id);
      others?.delete(search);
      if (others?.size === 0) byID.delete(id);
    }
    if (running.size > 0) return;
    stopFollowing?.();
    stopFollowing = undefined;
  }

  return {
    create: (id, onChange) => createSearch({ ...parts, id, isSure, need, started, ended, onChange }),
  };
}
