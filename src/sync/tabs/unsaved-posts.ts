import type { LocalNode, RawCoID } from 'cojson';
import type { Content } from '../../engine/content.ts';
import { getOrCreateCoValue } from '../../engine/covalue-lookup.ts';
import {
  knownCountsOfContent,
  knownCountsOfState,
  mergeCounts,
  type KnownCounts,
} from '../../engine/known-counts.ts';
import type { DeviceStorage } from '../../storage/device-storage.ts';
import type { Ladder } from '../delivery/ladder.ts';
import type { Announcements } from './announcements.ts';

/** While saving fails, posts the content itself to the other tabs: each piece once, and everything to a new tab. */
export interface UnsavedPosts {
  /** cojson hands content of this tab to the storage. */
  storing(content: Content): void;
  /** Another tab has posted it. */
  received(content: Content): void;
  /** Posts what no tab has posted yet. */
  postNew(): void;
  /** Posts everything, because a tab has appeared. */
  postAll(): void;
  /** The CoValue has no pending edits. */
  done(id: string): void;
}

export function createUnsavedPosts(options: {
  readonly node: LocalNode;
  readonly ladder: Pick<Ladder, 'pending' | 'isOwn' | 'isPending'>;
  readonly storage: Pick<DeviceStorage, 'status'>;
  readonly announcements: Pick<Announcements, 'content'>;
}): UnsavedPosts {
  const { node, ladder, storage, announcements } = options;
  /** By CoValue. */
  const posted = new Map<string, KnownCounts>();

  function markPosted(id: string, counts: KnownCounts): void {
    posted.set(id, mergeCounts(posted.get(id) ?? {}, counts));
  }

  function postNew(): void {
    if (storage.status.current.state === 'ok') return;
    for (const id of ladder.pending.keys() as MapIterator<RawCoID>) {
      if (!ladder.isOwn(id) || !ladder.isPending(id, 'saved')) continue;
      const { header = 0, ...sessions } = posted.get(id) ?? {};
      const contents = getOrCreateCoValue(node, id).newContentSince({ id, header: header > 0, sessions });
      for (const content of contents ?? []) {
        markPosted(id, knownCountsOfContent(content));
        announcements.content(content);
      }
    }
  }

  return {
    storing(content) {
      if (storage.status.current.state === 'ok') return;
      announcements.content(content);
      // Whatever else is here was saved, or posted when saving began to fail.
      markPosted(content.id, knownCountsOfState(getOrCreateCoValue(node, content.id).knownState()));
    },
    received: (content) => markPosted(content.id, { header: 1, ...knownCountsOfContent(content) }),
    postNew,
    postAll() {
      posted.clear();
      postNew();
    },
    done: (id) => void posted.delete(id),
  };
}
