/** How long an undo is offered. It is held while the pointer or the focus is on it. */
const offeredMs = 8_000;

interface Offer {
  readonly text: string;
  /** The page that is shown takes the key for it, so that the offer may name the key. */
  readonly byKey: boolean;
  undo(): void;
}

export interface UndoOffer {
  readonly current: Pick<Offer, 'text' | 'byKey'> | undefined;
  /** A new offer takes the place of the last one. */
  offer(offer: Offer): void;
  undo(): void;
  /** Stops the clock; `release` gives it the whole time again. */
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
