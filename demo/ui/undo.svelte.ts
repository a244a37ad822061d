/** How long the offer stays. Hovering over it or focusing it pauses the timer. */
const offeredMs = 8_000;

interface Offer {
  readonly text: string;
  /** Whether the current page handles the undo shortcut, so that the toast may show it. */
  readonly byKey: boolean;
  undo(): void;
}

export interface UndoOffer {
  readonly current: Pick<Offer, 'text' | 'byKey'> | undefined;
  /** Replaces the current offer. */
  offer(offer: Offer): void;
  undo(): void;
  /** Pauses the timer; `release` restarts it from the beginning. */
  hold(): void;
  release(): void;
}

export function createUndoOffer(): UndoOffer {
  let current = $state.raw<Offer>();
  let timer: ReturnType<typeof setTimeout> | undefined;

  const hold = () => clearTimeout(timer);
  const release = () => {
    hold();
    timer = setTimeout(() => (current = undefined), offeredMs);
  };

  return {
    get current() {
      return current;
    },
    offer(offer) {
      current = offer;
      release();
    },
    undo() {
      hold();
      const offered = current;
      current = undefined;
      offered?.undo();
    },
    hold,
    release,
  };
}
