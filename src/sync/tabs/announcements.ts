import type { CojsonInternalTypes, RawCoID } from 'cojson';
import type { StorageStatus } from '../../storage/device-storage.ts';
import { mergeCounts, type KnownCounts } from '../../engine/known-counts.ts';
import { maxCoValues, maxContents, type TabMessage } from './tab-messages.ts';

type NewContent = CojsonInternalTypes.NewContentMessage;
/** Without the sender, which the channel adds. */
export type Announcement = TabMessage extends infer M
  ? M extends TabMessage
    ? Omit<M, 'v' | 'from'>
    : never
  : never;

type Statement = readonly [id: RawCoID, counts: KnownCounts, is: boolean];

/** Collects this tab's announcements of one turn and posts them in messages of bounded size. */
export interface Announcements {
  saved(id: string, counts: KnownCounts, isUnconfirmed: boolean): void;
  confirmed(relayID: string, id: string, counts: KnownCounts): void;
  sent(relayID: string, id: string, counts: KnownCounts): void;
  content(content: NewContent): void;
}

export function createAnnouncements(options: {
  readonly kept: () => StorageStatus['kind'];
  readonly generationOf: (relayID: string) => number;
  readonly post: (announcement: Announcement) => void;
}): Announcements {
  const { kept, generationOf, post } = options;
  let saved = new Map<string, Statement>();
  let confirmed = new Map<string, Map<string, Statement>>();
  let sent = new Map<string, Map<string, Statement>>();
  let contents: NewContent[] = [];
  let isDue = false;

  function schedule(): void {
    if (isDue) return;
    isDue = true;
    queueMicrotask(flush);
  }

  function flush(): void {
    isDue = false;
    for (const some of partsOf(contents, maxContents)) post({ kind: 'content', contents: some });
    contents = [];
    for (const coValues of partsOf([...saved.values()], maxCoValues)) {
      post({ kind: 'saved', kept: kept(), coValues });
    }
    saved = new Map();
    for (const [relayID, byID] of confirmed) {
      for (const coValues of partsOf(countsOf(byID), maxCoValues)) {
        post({ kind: 'confirmed', relayID, generation: generationOf(relayID), coValues });
      }
    }
    confirmed = new Map();
    for (const [relayID, byID] of sent) {
      for (const coValues of partsOf(countsOf(byID), maxCoValues)) post({ kind: 'sent', relayID, coValues });
    }
    sent = new Map();
  }

  return {
    saved(id, counts, isUnconfirmed) {
      add(saved, id, counts, isUnconfirmed);
      schedule();
    },
    confirmed(relayID, id, counts) {
      add(ofRelay(confirmed, relayID), id, counts, false);
      schedule();
    },
    sent(relayID, id, counts) {
      add(ofRelay(sent, relayID), id, counts, false);
      schedule();
    },
    content(content) {
      contents.push(content);
      schedule();
    },
  };
}

function ofRelay(all: Map<string, Map<string, Statement>>, relayID: string): Map<string, Statement> {
  const before = all.get(relayID);
  if (before) return before;
  const none = new Map<string, Statement>();
  all.set(relayID, none);
  return none;
}

/** Merges with what was announced about the CoValue earlier in this turn. */
function add(all: Map<string, Statement>, id: string, counts: KnownCounts, is: boolean): void {
  const [, before, was] = all.get(id) ?? [id, {}, false];
  all.set(id, [id as RawCoID, mergeCounts(before, counts), is || was]);
}

function countsOf(byID: ReadonlyMap<string, Statement>): readonly (readonly [RawCoID, KnownCounts])[] {
  return [...byID.values()].map(([id, counts]) => [id, counts] as const);
}

function* partsOf<T>(all: readonly T[], size: number): Generator<readonly T[]> {
  for (let at = 0; at < all.length; at += size) yield all.slice(at, at + size);
}
