import { subscribeSyncState, type SyncState } from '@MaiaOS/kernel';
import { syncWords, type SyncKind, type SyncWords } from './sync-text.ts';

/** The session's sync state, and the words for it as time goes by. */
export interface SyncView {
  readonly state: SyncState | undefined;
  readonly words: SyncWords;
  readonly nowMs: number;
  /** The relay is asked for what this device does not have, for the first time since the page was opened. */
  readonly isCatchingUp: boolean;
}

/** One answer leads to the next question, so that having caught up means something only when it lasts. */
const caughtUpAfterMs = 400;

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
  let hasCaughtUp = $state(false);
  let lastKind: SyncKind = 'starting';

  $effect(() =>
    subscribeSyncState((next) => {
      state = next;
      nowMs = Date.now();
      const { kind } = syncWords(next, nowMs, nowMs);
      if (kind === 'getting') return;
      if (kind !== lastKind && isReached(kind)) reachedAtMs = nowMs;
      lastKind = kind;
    }),
  );
  $effect(() => {
    const timer = setInterval(() => (nowMs = Date.now()), 1000);
    return () => clearInterval(timer);
  });

  const isCaughtUpNow = $derived(state?.download.caughtUp ?? false);
  $effect(() => {
    if (!isCaughtUpNow) return;
    const timer = setTimeout(() => (hasCaughtUp = true), caughtUpAfterMs);
    return () => clearTimeout(timer);
  });

  // Later a list or an item is asked for now and then, which is no reason to say that the lists are being fetched.
  const told = $derived(
    state && hasCaughtUp ? { ...state, download: { ...state.download, caughtUp: true } } : state,
  );
  const words = $derived(told ? syncWords(told, nowMs, reachedAtMs) : starting);
  return {
    get state() {
      return told;
    },
    get words() {
      return words;
    },
    get nowMs() {
      return nowMs;
    },
    get isCatchingUp() {
      return !hasCaughtUp && (state?.status === 'connecting' || state?.status === 'syncing');
    },
  };
}

function isReached(kind: SyncKind): boolean {
  return kind === 'confirmed' || kind === 'stored';
}
