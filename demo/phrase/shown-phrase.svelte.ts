/** How long the words stay on the screen by themselves: in time that passed, also while the device slept. */
const shownForMs = 60_000;

/** A recovery phrase on the screen, which hides again by itself, and when the page is left or covered. */
export interface ShownWords {
  readonly phrase: string | undefined;
  readonly leftS: number;
  show(phrase: string): void;
  hide(): void;
}

/** Lives as long as the component that calls it is shown. */
export function createShownWords(): ShownWords {
  let phrase = $state.raw<string>();
  let leftMs = $state(shownForMs);
  const hide = () => (phrase = undefined);

  $effect(() => {
    if (phrase === undefined) return;
    const shownAtMs = Date.now();
    leftMs = shownForMs;
    const timer = setInterval(() => {
      leftMs = shownAtMs + shownForMs - Date.now();
      if (leftMs <= 0) hide();
    }, 1000);
    document.addEventListener('visibilitychange', hide);
    // What the browser keeps of a page for going back to it must not show them.
    addEventListener('pagehide', hide);
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', hide);
      removeEventListener('pagehide', hide);
    };
  });

  return {
    get phrase() {
      return phrase;
    },
    get leftS() {
      return Math.max(0, Math.round(leftMs / 1000));
    },
    show: (words) => (phrase = words),
    hide,
  };
}
