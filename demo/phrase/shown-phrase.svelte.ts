/** How long the phrase stays visible. Wall-clock time, so it includes time asleep. */
const shownForMs = 60_000;

/** A visible recovery phrase. Hides after a minute, and when the page is hidden or left. */
export interface ShownPhrase {
  readonly phrase: string | undefined;
  readonly leftS: number;
  show(phrase: string): void;
  hide(): void;
}

/** Call it in a component's initialization; it ends with the component. */
export function createShownPhrase(): ShownPhrase {
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
    // The back/forward cache must not restore a visible phrase.
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
