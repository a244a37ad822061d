import type { Page } from '../../platform/platform.ts';
import type { SessionIDLease } from './session-id-lease.ts';

/**
 * Gives the session id up when the page is left or frozen, so that a page that nobody sees keeps nobody from going on
 * with it, and takes it back when the page is back. Returns the end.
 */
export function followPage(parts: {
  readonly page: Pick<Page, 'on'>;
  readonly lease: Pick<SessionIDLease, 'isHeld' | 'letGo' | 'takeBack' | 'onRobbed'>;
  /** Whether everything that was written is on this device. */
  readonly isClean: () => boolean;
  /** Nothing may be written from here on. */
  readonly onGivenUp: () => void;
  readonly onTakenBack: () => void;
  /** The id is somebody else's, or spent. Called once. */
  readonly onLost: () => void;
}): () => void {
  const { page, lease, isClean, onGivenUp, onTakenBack, onLost } = parts;
  let isHidden = false;
  let isEnded = false;
  let isBusy = false;

  function hide(): void {
    isHidden = true;
    // Its state is settled when it is taken back, or is not.
    if (!isBusy) giveUp();
  }

  function giveUp(): void {
    if (!lease.isHeld) return;
    onGivenUp();
    lease.letGo(isClean());
  }

  async function show(): Promise<void> {
    isHidden = false;
    if (lease.isHeld || isBusy || isEnded) return;
    isBusy = true;
    const isBack = await lease.takeBack();
    isBusy = false;
    if (isEnded) return lease.letGo(false);
    if (!isBack) return lost();
    if (isHidden) lease.letGo(isClean());
    else onTakenBack();
  }

  function lost(): void {
    if (isEnded) return;
    end();
    onLost();
  }

  const stops = [page.on('hide', hide), page.on('show', () => void show())];
  lease.onRobbed(() => {
    onGivenUp();
    lost();
  });

  function end(): void {
    isEnded = true;
    for (const stop of stops) stop();
  }
  return end;
}
