import { subscribeSyncState, type SyncState } from '@MaiaOS/kernel';
import { syncText, type SyncKind, type SyncText } from './sync-text.ts';

/** The session's sync state and its current text. */
export interface SyncView {
  readonly state: SyncState | undefined;
  readonly words: SyncText;
  readonly nowMs: number;
  /** Whether the first download since the page opened is in progress. */
  readonly isCatchingUp: boolean;
}

/** Each answer may lead to further requests, so only a lasting `caughtUp` counts. */
const caughtUpAfterMs = 400;

const starting: SyncText = {
  kind: 'starting',
  lead: 'Checking this device…',
  detail: undefined,
  tone: 'calm',
  steps: ['unknown', 'unknown', 'unknown', 'unknown'],
};

/**
 * Call it in a component's initialization; it ends with the component. `notCounted` returns how many changes do not
 * count, of those that the user has not dealt with.
 */
export function createSyncView(notCounted: () => number): SyncView {
  let state = $state.raw<SyncState>();
  let nowMs = $state(Date.now());
  let reachedAtMs = $state(Date.now());
  let hasCaughtUp = $state(false);
  let lastKind: SyncKind = 'starting';

  $effect(() =>
    subscribeSyncState((next) => {
      state = next;
      nowMs = Date.now();
      const { kind } = syncText(next, nowMs, nowMs);
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

  // After the first download, loading a single list or item must not show "Getting your lists".
  const shown = $derived(
    state && {
      ...state,
      notCounted: { ...state.notCounted, count: notCounted() },
      download: { ...state.download, caughtUp: hasCaughtUp || state.download.caughtUp },
    },
  );
  const words = $derived(shown ? syncText(shown, nowMs, reachedAtMs) : starting);
  return {
    get state() {
      return shown;
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
  return kind === 'confirmed' || kind === 'stored' || kind === 'not-counted';
}
