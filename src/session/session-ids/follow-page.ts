import type { Page } from '../../platform/platform.ts';
import type { SessionIDLease } from './session-id-lease.ts';

/** Releases a shared session ID while the page is left or frozen, then reclaims it. Returns a function that stops it. */
export function followPage(parts: {
  readonly page: Pick<Page, 'on'>;
  readonly lease: Pick<SessionIDLease, 'isShared' | 'isHeld' | 'release' | 'reclaim' | 'onStolen'>;
  /** Whether every edit is saved on this device. */
  readonly isClean: () => boolean;
  /** Called when the ID is released. From then on, the session must not write. */
  readonly onReleased: () => void;
  readonly onReclaimed: () => void;
  /** Called once, if another tab has the session ID or it is spent. */
  readonly onLost: () => void;
}): () => void {
  const { page, lease, isClean, onReleased, onReclaimed, onLost } = parts;
  if (!lease.isShared) return () => {};
  let isHidden = false;
  let isEnded = false;
  let isBusy = false;

  function hide(): void {
    isHidden = true;
    // If a reclaim is in progress, `show` releases the ID when it ends.
    if (!isBusy) release();
  }

  function release(): void {
    if (!lease.isHeld) return;
    onReleased();
    lease.release(isClean());
  }

  async function show(): Promise<void> {
    isHidden = false;
    if (lease.isHeld || isBusy || isEnded) return;
    isBusy = true;
    const isBack = await lease.reclaim();
    isBusy = false;
    if (isEnded) return lease.release(false);
    if (!isBack) return lost();
    if (isHidden) lease.release(isClean());
    else onReclaimed();
  }

  function lost(): void {
    if (isEnded) return;
    end();
    onLost();
  }

  const stops = [page.on('hide', hide), page.on('show', () => void show())];
  lease.onStolen(() => {
    onReleased();
    lost();
  });

  function end(): void {
    isEnded = true;
    for (const stop of stops) stop();
  }
  return end;
}
