import type { CojsonInternalTypes, RawCoID } from 'cojson';
import type { StorageStatus } from '../../storage/device-storage.ts';
import { joined, type Coverage } from '../../engine/known-counts.ts';
import { mostCoValues, mostContents, type TabMessage } from './tab-messages.ts';

type NewContent = CojsonInternalTypes.NewContentMessage;
/** Without the name of who speaks. */
export type Announcement = TabMessage extends infer M
  ? M extends TabMessage
    ? Omit<M, 'v' | 'from'>
    : never
  : never;

type Said = readonly [id: RawCoID, coverage: Coverage, is: boolean];

/** What this tab has to tell the others: all of one turn together, in messages of bounded size. */
export interface Announcements {
  saved(id: string, coverage: Coverage, isUnconfirmed: boolean): void;
  confirmed(relayID: string, id: string, coverage: Coverage, isUnmarked: boolean): void;
  sent(relayID: string, id: string, coverage: Coverage): void;
  content(content: NewContent): void;
}

export function createAnnouncements(options: {
  readonly kept: () => StorageStatus['kind'];
  /** How a relay calls its storage, where it has said so. */
  readonly storageOf: (relayID: string) => string | undefined;
  readonly post: (announcement: Announcement) => void;
}): Announcements {
  const { kept, storageOf, post } = options;
  let saved = new Map<string, Said>();
  let confirmed = new Map<string, Map<string, Said>>();
  let sent = new Map<string, Map<string, Said>>();
  let contents: NewContent[] = [];
  let isDue = false;

  function soon(): void {
    if (isDue) return;
    isDue = true;
    queueMicrotask(tell);
  }

  function tell(): void {
    isDue = false;
    for (const some of partsOf(contents, mostContents)) post({ kind: 'content', contents: some });
    contents = [];
    for (const coValues of partsOf([...saved.values()], mostCoValues)) {
      post({ kind: 'saved', kept: kept(), coValues });
    }
    saved = new Map();
    for (const [relayID, byID] of confirmed) {
      for (const coValues of partsOf([...byID.values()], mostCoValues)) {
        post({ kind: 'confirmed', relayID, storage: storageOf(relayID), coValues });
      }
    }
    confirmed = new Map();
    for (const [relayID, byID] of sent) {
      const all = [...byID.values()].map(([id, coverage]) => [id, coverage] as const);
      for (const coValues of partsOf(all, mostCoValues)) post({ kind: 'sent', relayID, coValues });
    }
    sent = new Map();
  }

  return {
    saved(id, coverage, isUnconfirmed) {
      add(saved, id, coverage, isUnconfirmed);
      soon();
    },
    confirmed(relayID, id, coverage, isUnmarked) {
      add(ofRelay(confirmed, relayID), id, coverage, isUnmarked);
      soon();
    },
    sent(relayID, id, coverage) {
      add(ofRelay(sent, relayID), id, coverage, false);
      soon();
    },
    content(content) {
      contents.push(content);
      soon();
    },
  };
}

function ofRelay(all: Map<string, Map<string, Said>>, relayID: string): Map<string, Said> {
  const before = all.get(relayID);
  if (before) return before;
  const none = new Map<string, Said>();
  all.set(relayID, none);
  return none;
}

/** What was said of a CoValue before in this turn, and this. */
function add(all: Map<string, Said>, id: string, coverage: Coverage, is: boolean): void {
  const [, before, was] = all.get(id) ?? [id, {}, false];
  all.set(id, [id as RawCoID, joined(before, coverage), is || was]);
}

function* partsOf<T>(all: readonly T[], size: number): Generator<readonly T[]> {
  for (let at = 0; at < all.length; at += size) yield all.slice(at, at + size);
}
