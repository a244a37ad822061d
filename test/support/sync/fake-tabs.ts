import type { TabFacts, TabsInspection, Unconfirmed } from '../../../src/sync/inspection.ts';

/** The tabs of an account, set by a test and seen from one of them. */
export interface FakeTabs extends TabsInspection {
  /** How often the other tabs were queried. */
  readonly asks: number;
  readonly listeners: number;
  /** Answers every query with these facts, until `silence`. */
  answers(facts: TabFacts): void;
  silence(sessionID: string): void;
  /** Delivers an unsolicited message. */
  post(message: unknown): void;
  setOwn(change: Partial<TabFacts>): void;
  /** Undefined: the browser cannot list locks. */
  setHeld(sessionIDs: readonly string[] | undefined): void;
  setOpen(isOpen: boolean): void;
  /** `uploader`: the uploading session. */
  setUnconfirmed(bySessionID: ReadonlyMap<string, Unconfirmed>, uploader?: string): void;
}

const accountID = 'co_zAn5jKd8QxTpLw3RvYcMe7BhGsUf2';
/** A session of an account that no node has. The name is base58: without 0, O, I and l. */
export const fakeSessionID = (name: string) => `${accountID}_session_z${name}`;

export function factsOfTab(name: string, change: Partial<TabFacts> = {}): TabFacts {
  return {
    sessionIDs: [fakeSessionID(name)],
    sinceMs: 0,
    title: name,
    isVisible: false,
    relays: [{ host: 'relay.example', phase: 'connected' }],
    unconfirmed: { coValues: 0, ids: [] },
    ...change,
  };
}

export function createFakeTabs(ownName: string): FakeTabs {
  const listeners = new Set<(message: unknown) => void>();
  const answers = new Map<string, TabFacts>();
  let own = factsOfTab(ownName, { isVisible: true });
  let held: readonly string[] | undefined = [fakeSessionID(ownName)];
  let isOpen = true;
  let asks = 0;
  let bySessionID: ReadonlyMap<string, Unconfirmed> = new Map();
  let uploader: string | undefined;

  function post(message: unknown): void {
    for (const listener of [...listeners]) listener(structuredClone(message));
  }

  return {
    describeThisTab: () => own,
    get isOpen() {
      return isOpen;
    },
    get asks() {
      return asks;
    },
    get listeners() {
      return listeners.size;
    },
    ask() {
      asks++;
      for (const [from, facts] of answers) post({ v: 1, from, kind: 'there', roll: 2, ...facts });
    },
    listen(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    heldSessionIDs: () => Promise.resolve(held),
    unconfirmed: () => bySessionID,
    uploaderOf: () => uploader,
    isLeftToOther: () => false,
    answers: (facts) => void answers.set(facts.sessionIDs[0] ?? '', facts),
    silence: (sessionID) => void answers.delete(sessionID),
    post,
    setOwn: (change) => void (own = { ...own, ...change }),
    setHeld: (sessionIDs) => void (held = sessionIDs),
    setOpen: (next) => void (isOpen = next),
    setUnconfirmed(next, by) {
      bySessionID = next;
      uploader = by;
    },
  };
}
