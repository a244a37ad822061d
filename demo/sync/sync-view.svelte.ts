import { subscribeSyncState, type SyncState } from '@MaiaOS/kernel';
import { syncWords, type SyncKind, type SyncWords } from './sync-words.ts';

/** The session's sync state, and the words for it as time goes by. */
export interface SyncView {
  readonly state: SyncState | undefined;
  readonly words: SyncWords;
  readonly nowMs: number;
}

const starting: SyncWords = {
  kind: 'starting',
  lead: 'Looking at this device…',
  detail: undefined,
  tone: 'calm',
  steps: ['unknown', 'unknown', 'unknown', 'unknown'],
};

/** Follows for as long as the component that calls it is shown. */
export function createSyncView(): SyncView {
  let state = $state.raw<SyncState>();
  let nowMs = $state(Date.now());
  let reachedAtMs = $state(Date.now());
  let lastKind: SyncKind = 'starting';

  $effect(() =>
    subscribeSyncState((next) => {
      state = next;
      nowMs = Date.now();
      const { kind } = syncWords(next, nowMs, nowMs);
      if (kind !== lastKind && isReached(kind)) reachedAtMs = nowMs;
      lastKind = kind;
    }),
  );
  $effect(() => {
    const timer = setInterval(() => (nowMs = Date.now()), 1000);
    return () => clearInterval(timer);
  });

  const words = $derived(state ? syncWords(state, nowMs, reachedAtMs) : starting);
  return {
    get state() {
      return state;
    },
    get words() {
      return words;
    },
    get nowMs() {
      return nowMs;
    },
  };
}

function isReached(kind: SyncKind): boolean {
  return kind === 'confirmed' || kind === 'stored';
}
