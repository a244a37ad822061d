/** How long an undo is offered. It is held while the pointer or the focus is on it. */
const offeredMs = 8_000;

export interface UndoOffer {
  readonly current: { readonly text: string } | undefined;
  /** A new offer takes the place of the last one. */
  offer(text: string, undo: () => void): void;
  undo(): void;
  /** Stops the clock; `release` gives it the whole time again. */
  hold(): void;
  release(): void;
}

export function createUndoOffer(): UndoOffer {
  let current = $state.raw<{ readonly text: string; readonly undo: () => void }>();
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
    offer(text, undo) {
      current = { text, undo };
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
